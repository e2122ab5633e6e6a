// Prompt rows on GPUs: a tile of 32 pairs of one expert x 64 outputs a workgroup, as in linear_gemm.wgsl.
fn store_four(pair: u32, part: Part, n: u32, values: vec4<f32>) {
  let end = part.count * params.num_halves;
  if (n < end) { store(pair, part, n, values.x); }
  if (n + 8u < end) { store(pair, part, n + 8u, values.y); }
  if (n + 16u < end) { store(pair, part, n + 16u, values.z); }
  if (n + 24u < end) { store(pair, part, n + 24u, values.w); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let tile = tiles[wid.y];
  let part = part_of(tile.expert);
  let n0 = wid.x * TILE_N;
  let end = part.count * params.num_halves;
  // Of an empty tile, or one whose outputs lie in another shard, nothing is read.
  let num_groups = select(0u, params.num_groups, tile.count > 0u && n0 < end);
  let row = weight_row(part, min(n0 + tid, max(end, 1u) - 1u));
  let tm = (tid >> 3u) * 4u;
  let tn = tid & 7u;
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var group = 0u; group < num_groups; group++) {
    for (var i = tid; i < TILE_M * 8u; i += 64u) {
      xs[(i >> 3u) * PITCH + (i & 7u)] = x[x_at(pair_of(tile, i >> 3u)) + group * 8u + (i & 7u)];
    }
    let w = dequant32(row * params.num_groups + group);
    for (var i = 0u; i < 8u; i++) {
      wt[tid * PITCH + i] = w[i];
    }
    workgroupBarrier();
    multiply_tile(tm, tn, &low, &high);
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    if (tm + i < tile.count) {
      let pair = pair_of(tile, tm + i);
      store_four(pair, part, n0 + tn, low[i]);
      store_four(pair, part, n0 + tn + 32u, high[i]);
    }
  }
}
