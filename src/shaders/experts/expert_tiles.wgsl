// Groups the (row, slot) pairs of prompt rows by expert: `pairs` in the order of experts, rows and slots, and `tiles` of
// pairs of one expert. One workgroup; each lane looks for the pairs of its experts, so nothing depends on the order of
// writes. As many tiles are written as there can be; the last of them are empty.
const MAX_EXPERTS = 512u;

struct TilesParams {
  num_experts: u32,
  num_used: u32,
  tile_pairs: u32,
}

struct Tile {
  expert: u32,
  first: u32, // in `pairs`
  count: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: TilesParams;
@group(0) @binding(2) var<storage, read> ids: array<u32>;         // [row][num_used]
@group(0) @binding(3) var<storage, read_write> pairs: array<u32>; // row * num_used + slot
@group(0) @binding(4) var<storage, read_write> tiles: array<Tile>;

var<workgroup> counts: array<u32, MAX_EXPERTS>;

fn tiles_of(count: u32) -> u32 {
  return (count + params.tile_pairs - 1u) / params.tile_pairs;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) tid: u32) {
  let num_pairs = step.num_prompt * params.num_used;
  for (var e = tid; e < params.num_experts; e += 256u) {
    var count = 0u;
    for (var p = 0u; p < num_pairs; p++) {
      count += select(0u, 1u, ids[p] == e);
    }
    counts[e] = count;
  }
  workgroupBarrier();
  for (var e = tid; e < params.num_experts; e += 256u) {
    var at = 0u;
    var tile = 0u;
    for (var before = 0u; before < e; before++) {
      at += counts[before];
      tile += tiles_of(counts[before]);
    }
    for (var done = 0u; done < counts[e]; done += params.tile_pairs) {
      tiles[tile] = Tile(e, at + done, min(params.tile_pairs, counts[e] - done));
      tile += 1u;
    }
    for (var p = 0u; p < num_pairs; p++) {
      if (ids[p] == e) {
        pairs[at] = p;
        at += 1u;
      }
    }
  }
  var num_tiles = 0u;
  for (var e = 0u; e < params.num_experts; e++) {
    num_tiles += tiles_of(counts[e]);
  }
  let most = num_pairs / params.tile_pairs + min(num_pairs, params.num_experts);
  for (var tile = num_tiles + tid; tile < most; tile += 256u) {
    tiles[tile] = Tile(0u, 0u, 0u);
  }
}
