// Prompt rows by tiles of pairs that chose the same expert, see expert_tiles.wgsl.
struct Tile {
  expert: u32,
  first: u32,
  count: u32,
}

@group(0) @binding(7) var<storage, read> tiles: array<Tile>;
@group(0) @binding(8) var<storage, read> pairs: array<u32>;

// The i-th pair of a tile; behind the last, the last again.
fn pair_of(tile: Tile, i: u32) -> u32 {
  return pairs[tile.first + min(i, max(tile.count, 1u) - 1u)];
}
