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
  // 8, but not so that a compiler knows: unrolled, the loop takes ten seconds to compile on lavapipe.
  let words = params.x_stride / (params.num_groups * 4u);
  let sums = products_of_eight(base, low, high, words);
  if (n < params.num_out) {
    let m = rows.x + first;
    store(m, n, sum4(sums.a));
    if (last >= 1u) { store(m + 1u, n, sum4(sums.b)); }
    if (last >= 2u) { store(m + 2u, n, sum4(sums.c)); }
    if (last >= 3u) { store(m + 3u, n, sum4(sums.d)); }
    if (last >= 4u) { store(m + 4u, n, sum4(sums.e)); }
    if (last >= 5u) { store(m + 5u, n, sum4(sums.f)); }
    if (last >= 6u) { store(m + 6u, n, sum4(sums.g)); }
    if (last >= 7u) { store(m + 7u, n, sum4(sums.h)); }
  }
}
