// A row of x against rows of weights, by teams of LANES lanes, four or eight. A lane holds its unit of x (UNIT_GROUPS groups of 32) and meets
// that part of all rows, one after the other: so x is loaded once for all, and nothing is broadcast.
// The order of a sum: of a unit as unit_dot has it, then (x + y) + (z + w), then the lanes in a tree, then every LANES-th
// unit along k. It does not depend on the rows of x beside it.
const TEAM_ROWS = 8u * LANES;

// Of rows lane, lane + LANES, ..., lane + 7 LANES.
struct Totals {
  low: vec4<f32>,
  high: vec4<f32>,
}

struct TwoTotals {
  a: Totals,
  b: Totals,
}

fn sum_of_lanes(part: vec4<f32>) -> f32 {
  var s = sum4(part);
  s += subgroupShuffleXor(s, 1u);
  s += subgroupShuffleXor(s, 2u);
  if (LANES == 8u) { s += subgroupShuffleXor(s, 4u); }
  return s;
}

// The sum of row r goes to the lane that keeps it.
fn added(t: Totals, s: f32, r: u32, lane: u32) -> Totals {
  let low = vec4<u32>(lane) + vec4<u32>(0u, LANES, 2u * LANES, 3u * LANES);
  let high = low + vec4<u32>(4u * LANES);
  return Totals(
    t.low + select(vec4<f32>(), vec4<f32>(s), low == vec4<u32>(r)),
    t.high + select(vec4<f32>(), vec4<f32>(s), high == vec4<u32>(r)));
}

// What the lane needs of row n of the weights, or of the last row before `end`.
fn unit_of(n: u32, end: u32, group: u32) -> Unit {
  let base = min(n, end - 1u) * params.num_groups;
  return unit_at(base + select(0u, group, group < params.num_groups), base + params.num_groups - 1u);
}

// Rows of weights from `first` on, those before `end`; `xb`: first words of rows of x.
fn totals_of(first: u32, end: u32, xb: u32, lane: u32) -> Totals {
  var t = Totals();
  for (var begin = 0u; begin < params.num_groups; begin += LANES * UNIT_GROUPS) {
    let group = begin + lane * UNIT_GROUPS;
    let v = held_at(xb, group);
    let sums = sums_of_held(v);
    for (var r = 0u; r < TEAM_ROWS; r++) {
      t = added(t, sum_of_lanes(unit_dot(unit_of(first + r, end, group), v, sums)), r, lane);
    }
  }
  return t;
}

fn totals_of_two(first: u32, end: u32, xb: vec2<u32>, lane: u32) -> TwoTotals {
  var t = TwoTotals();
  for (var begin = 0u; begin < params.num_groups; begin += LANES * UNIT_GROUPS) {
    let group = begin + lane * UNIT_GROUPS;
    let v = held_at(xb.x, group);
    let w = held_at(xb.y, group);
    let v_sums = sums_of_held(v);
    let w_sums = sums_of_held(w);
    for (var r = 0u; r < TEAM_ROWS; r++) {
      let unit = unit_of(first + r, end, group);
      t.a = added(t.a, sum_of_lanes(unit_dot(unit, v, v_sums)), r, lane);
      t.b = added(t.b, sum_of_lanes(unit_dot(unit, w, w_sums)), r, lane);
    }
  }
  return t;
}

// The i-th row that a lane keeps.
fn total(t: Totals, i: u32) -> f32 {
  return select(t.low, t.high, i > 3u)[i & 3u];
}

// First word of row m of x.
fn row_at(m: u32) -> u32 {
  return m * (params.x_stride >> 2u);
}
