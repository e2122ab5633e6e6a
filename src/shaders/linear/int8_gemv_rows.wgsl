// Generated rows on software adapters in int8: a thread four outputs, no barrier, up to four rows of x a pass. A row's sum
// goes along the groups, with one row in hand as with four.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let n = wid.x * 64u + tid;
  let m = rows.x + wid.y * 4u;
  let last = rows.y - 1u - wid.y * 4u;
  let base = first_groups(n);
  let at = rows_from(m, last);
  var r0 = vec4<f32>();
  var r1 = vec4<f32>();
  var r2 = vec4<f32>();
  var r3 = vec4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    let w = int8_groups(base + vec4<u32>(group));
    r0 = add_four(w, row_group(at.x + group), r0);
    if (last > 0u) {
      r1 = add_four(w, row_group(at.y + group), r1);
      r2 = add_four(w, row_group(at.z + group), r2);
      r3 = add_four(w, row_group(at.w + group), r3);
    }
  }
  store_four(m, n, r0);
  if (last > 0u) { store_four(m + 1u, n, r1); }
  if (last > 1u) { store_four(m + 2u, n, r2); }
  if (last > 2u) { store_four(m + 3u, n, r3); }
}
