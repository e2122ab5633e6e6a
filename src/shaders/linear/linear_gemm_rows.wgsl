// Prompt rows on software adapters: a thread an output and eight rows, weights dequantised once for the eight, no
// shared memory and no barrier. The order of a row's sum does not depend on the rows beside it: four partial sums along
// k, then (x + y) + (z + w).
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = prompt_rows();
  let n = wid.x * 64u + tid;
  let base = min(n, params.num_out - 1u) * params.num_groups;
  let first = wid.y * 8u;
  let last = rows.y - 1u - first;
  let pitch = params.x_stride >> 2u;
  let low = (vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last))) * pitch;
  let high = (vec4<u32>(rows.x + first) + min(vec4<u32>(4u, 5u, 6u, 7u), vec4<u32>(last))) * pitch;
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  var a4 = vec4<f32>();
  var a5 = vec4<f32>();
  var a6 = vec4<f32>();
  var a7 = vec4<f32>();
  // 8, but not so that a compiler knows: unrolled, this loop takes ten seconds to compile on lavapipe.
  let words = params.x_stride / (params.num_groups * 4u);
  for (var group = 0u; group < params.num_groups; group++) {
    let w = dequant32(base + group);
    let at = group * 8u;
    for (var i = 0u; i < words; i++) {
      let wi = w[i];
      a0 = fma(wi, x[low.x + at + i], a0);
      a1 = fma(wi, x[low.y + at + i], a1);
      a2 = fma(wi, x[low.z + at + i], a2);
      a3 = fma(wi, x[low.w + at + i], a3);
      a4 = fma(wi, x[high.x + at + i], a4);
      a5 = fma(wi, x[high.y + at + i], a5);
      a6 = fma(wi, x[high.z + at + i], a6);
      a7 = fma(wi, x[high.w + at + i], a7);
    }
  }
  if (n < params.num_out) {
    let m = rows.x + first;
    store(m, n, sum4(a0));
    if (last >= 1u) { store(m + 1u, n, sum4(a1)); }
    if (last >= 2u) { store(m + 2u, n, sum4(a2)); }
    if (last >= 3u) { store(m + 3u, n, sum4(a3)); }
    if (last >= 4u) { store(m + 4u, n, sum4(a4)); }
    if (last >= 5u) { store(m + 5u, n, sum4(a5)); }
    if (last >= 6u) { store(m + 6u, n, sum4(a6)); }
    if (last >= 7u) { store(m + 7u, n, sum4(a7)); }
  }
}
