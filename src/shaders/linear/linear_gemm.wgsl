// Prompt rows: a tile of 32 rows x 64 outputs a workgroup, K in steps of 32 (one group), weights dequantised once into
// shared memory. Each of 64 threads owns 4 rows x 8 outputs. The order of a row's sum is k = 0, 1, 2, ... whatever tile
// the row is in, so the result of a row does not depend on the rows beside it.
fn store4(m: u32, n: u32, values: vec4<f32>) {
  // Outputs of one thread lie 8 apart, see below.
  if (n < params.num_out) { store(m, n, values.x); }
  if (n + 8u < params.num_out) { store(m, n + 8u, values.y); }
  if (n + 16u < params.num_out) { store(m, n + 16u, values.z); }
  if (n + 24u < params.num_out) { store(m, n + 24u, values.w); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = prompt_rows();
  let m0 = wid.y * TILE_M;
  let n0 = (wid.x + wid.z * 32768u) * TILE_N;
  let tm = (tid >> 3u) * 4u; // first of this thread's 4 rows
  let tn = tid & 7u;         // its outputs are tn, tn + 8, ..., tn + 56
  let my_n = min(n0 + tid, params.num_out - 1u);
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    for (var i = tid; i < TILE_M * 8u; i += 64u) {
      let m = min(m0 + (i >> 3u), rows.y - 1u) + rows.x;
      xs[(i >> 3u) * PITCH + (i & 7u)] = x[m * (params.x_stride >> 2u) + group * 8u + (i & 7u)];
    }
    let w = dequant32(my_n * params.num_groups + group);
    for (var i = 0u; i < 8u; i++) {
      wt[tid * PITCH + i] = w[i];
    }
    workgroupBarrier();
    multiply_tile(tm, tn, &low, &high);
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let m = m0 + tm + i;
    if (m < rows.y) {
      store4(rows.x + m, n0 + tn, low[i]);
      store4(rows.x + m, n0 + tn + 32u, high[i]);
    }
  }
}
