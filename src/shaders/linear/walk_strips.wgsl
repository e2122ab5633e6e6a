// Along a row of weights by strips of groups that are loaded together: the same sums as walk_groups.wgsl, with fewer loads.
// `base`: the first groups of four rows of weights; `xb`: first words of rows of x.
struct FourStrips {
  a: Strip,
  b: Strip,
  c: Strip,
  d: Strip,
}

fn strips_at(groups: vec4<u32>) -> FourStrips {
  return FourStrips(strip_at(groups.x), strip_at(groups.y), strip_at(groups.z), strip_at(groups.w));
}

fn groups_of(strips: FourStrips, j: u32) -> FourGroups {
  return FourGroups(
    weights_of(strip_group(strips.a, j)), weights_of(strip_group(strips.b, j)),
    weights_of(strip_group(strips.c, j)), weights_of(strip_group(strips.d, j)));
}

// STRIP_GROUPS, but not so that a compiler knows: unrolled, these loops take it seconds.
fn groups_per_strip() -> u32 {
  return min(STRIP_GROUPS, params.num_groups);
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
  for (var group = 0u; group < params.num_groups; group += STRIP_GROUPS) {
    let strips = strips_at(base + vec4<u32>(group));
    for (var j = 0u; j < groups_per_strip(); j++) {
      let w = groups_of(strips, j);
      let k = (group + j) * 8u;
      take_row(&r0, w, group_of_x(low.x + k, lane));
      take_row(&r1, w, group_of_x(low.y + k, lane));
      take_row(&r2, w, group_of_x(low.z + k, lane));
      take_row(&r3, w, group_of_x(low.w + k, lane));
      take_row(&r4, w, group_of_x(high.x + k, lane));
      take_row(&r5, w, group_of_x(high.y + k, lane));
      take_row(&r6, w, group_of_x(high.z + k, lane));
      take_row(&r7, w, group_of_x(high.w + k, lane));
    }
  }
  return EightRows(FourRows(r0, r1, r2, r3), FourRows(r4, r5, r6, r7));
}
