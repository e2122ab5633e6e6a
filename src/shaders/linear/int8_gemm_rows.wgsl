// Prompt rows on software adapters in int8: a thread four outputs and eight rows, no shared memory and no barrier. A row's
// sum goes along the groups, whatever rows stand beside it.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = prompt_rows();
  let n = wid.x * 64u + tid;
  let m = rows.x + wid.y * 8u;
  let last = rows.y - 1u - wid.y * 8u;
  let base = first_groups(n);
  let low = rows_from(m, last);
  let high = rows_from(m + min(4u, last), last - min(4u, last));
  var r0 = vec4<f32>();
  var r1 = vec4<f32>();
  var r2 = vec4<f32>();
  var r3 = vec4<f32>();
  var r4 = vec4<f32>();
  var r5 = vec4<f32>();
  var r6 = vec4<f32>();
  var r7 = vec4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    let w = int8_groups(base + vec4<u32>(group));
    r0 = add_four(w, row_group(low.x + group), r0);
    r1 = add_four(w, row_group(low.y + group), r1);
    r2 = add_four(w, row_group(low.z + group), r2);
    r3 = add_four(w, row_group(low.w + group), r3);
    r4 = add_four(w, row_group(high.x + group), r4);
    r5 = add_four(w, row_group(high.y + group), r5);
    r6 = add_four(w, row_group(high.z + group), r6);
    r7 = add_four(w, row_group(high.w + group), r7);
  }
  store_four(m, n, r0);
  if (last >= 1u) { store_four(m + 1u, n, r1); }
  if (last >= 2u) { store_four(m + 2u, n, r2); }
  if (last >= 3u) { store_four(m + 3u, n, r3); }
  if (last >= 4u) { store_four(m + 4u, n, r4); }
  if (last >= 5u) { store_four(m + 5u, n, r5); }
  if (last >= 6u) { store_four(m + 6u, n, r6); }
  if (last >= 7u) { store_four(m + 7u, n, r7); }
}
