// Along a row of weights group by group. `base`: the first groups of four rows of weights; `xb`: first words of rows of x.
fn groups_at(groups: vec4<u32>) -> FourGroups {
  return FourGroups(dequant32(groups.x), dequant32(groups.y), dequant32(groups.z), dequant32(groups.w));
}

fn products_of_eight_rows(base: vec4<u32>, low: vec4<u32>, high: vec4<u32>, lane: u32) -> EightRows {
  var r0 = Four();
  var r1 = Four();
  var r2 = Four();
  var r3 = Four();
  var r4 = Four();
  var r5 = Four();
  var r6 = Four();
  var r7 = Four();
  for (var group = 0u; group < params.num_groups; group++) {
    let w = groups_at(base + vec4<u32>(group));
    let k = group * 8u;
    take_row(&r0, w, group_of_x(low.x + k, lane));
    take_row(&r1, w, group_of_x(low.y + k, lane));
    take_row(&r2, w, group_of_x(low.z + k, lane));
    take_row(&r3, w, group_of_x(low.w + k, lane));
    take_row(&r4, w, group_of_x(high.x + k, lane));
    take_row(&r5, w, group_of_x(high.y + k, lane));
    take_row(&r6, w, group_of_x(high.z + k, lane));
    take_row(&r7, w, group_of_x(high.w + k, lane));
  }
  return EightRows(FourRows(r0, r1, r2, r3), FourRows(r4, r5, r6, r7));
}
