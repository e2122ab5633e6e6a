// Teams of eight lanes: the lanes are added for every unit of a row, in a tree, and the sum goes to the lane that keeps it: of rows
// lane, lane + 8, ..., lane + 56.
const TEAM_ROWS = 64u;

// Rows have whole units here: see columns_array.wgsl.
fn phases() -> u32 {
  return 1u;
}

struct Totals {
  low: vec4<f32>,
  high: vec4<f32>,
}

fn add_to(t: ptr<function, Totals>, r: u32, lane: u32, part: f32) {
  var s = part;
  s += subgroupShuffleXor(s, 1u);
  s += subgroupShuffleXor(s, 2u);
  s += subgroupShuffleXor(s, 4u);
  let low = vec4<u32>(lane) + vec4<u32>(0u, LANES, 2u * LANES, 3u * LANES);
  let high = low + vec4<u32>(4u * LANES);
  (*t).low += select(vec4<f32>(), vec4<f32>(s), low == vec4<u32>(r));
  (*t).high += select(vec4<f32>(), vec4<f32>(s), high == vec4<u32>(r));
}

// Of the eight rows from r on, that of the lane.
fn total_at(t: ptr<function, Totals>, r: u32, lane: u32) -> f32 {
  let i = r / LANES;
  return select((*t).low, (*t).high, i > 3u)[i & 3u];
}
