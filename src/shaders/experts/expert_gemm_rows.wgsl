// Prompt rows on software adapters: a thread an output of the eight pairs of a tile, weights dequantised once for all of
// them, no shared memory and no barrier.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let tile = tiles[wid.y];
  let part = part_of(tile.expert);
  let n = wid.x * 64u + tid;
  if (n < part.count * params.num_halves && tile.count > 0u) {
    let low = vec4<u32>(x_at(pair_of(tile, 0u)), x_at(pair_of(tile, 1u)), x_at(pair_of(tile, 2u)), x_at(pair_of(tile, 3u)));
    let high = vec4<u32>(x_at(pair_of(tile, 4u)), x_at(pair_of(tile, 5u)), x_at(pair_of(tile, 6u)), x_at(pair_of(tile, 7u)));
    let sums = products_of_eight(weight_row(part, n) * params.num_groups, low, high, params.group_words);
    store(pair_of(tile, 0u), part, n, sum4(sums.a));
    if (tile.count > 1u) { store(pair_of(tile, 1u), part, n, sum4(sums.b)); }
    if (tile.count > 2u) { store(pair_of(tile, 2u), part, n, sum4(sums.c)); }
    if (tile.count > 3u) { store(pair_of(tile, 3u), part, n, sum4(sums.d)); }
    if (tile.count > 4u) { store(pair_of(tile, 4u), part, n, sum4(sums.e)); }
    if (tile.count > 5u) { store(pair_of(tile, 5u), part, n, sum4(sums.f)); }
    if (tile.count > 6u) { store(pair_of(tile, 6u), part, n, sum4(sums.g)); }
    if (tile.count > 7u) { store(pair_of(tile, 7u), part, n, sum4(sums.h)); }
  }
}
