// Prompt rows on software adapters with subgroups, as generated ones in columns.wgsl: a lane of a team of LANES, four or eight,
// holds its group of 32 of eight rows of x and meets that part of 128 rows of weights, one after the other. A weight is dequantised
// once for the eight, and nothing is broadcast. One row of x alone, as of a head, has a way of its own.
// The order of a sum: within a group along k, then the lanes in a tree, then every LANES-th group along k. It does not depend on
// the rows of x beside it, or on which way it goes.
const TEAM_ROWS = 128u;

fn row_at(m: u32) -> u32 {
  return m * (params.x_stride >> 2u);
}

// Four weights against four numbers of x.
fn along(w: vec4<f32>, v: vec4<f32>, sum: f32) -> f32 {
  return fma(w.w, v.w, fma(w.z, v.z, fma(w.y, v.y, fma(w.x, v.x, sum))));
}

alias Eight = array<f32, 8>;
// The words of a group of eight rows of x, row after row.
alias Held = array<vec4<f32>, 64>;

// Loads as many words of rows m, ..., m + last, zero behind the last group. Rolled: written out, the loads take a compiler long.
fn hold(v: ptr<function, Held>, m: u32, last: u32, words: u32, group: u32) {
  let is = vec4<bool>(group < params.num_groups);
  let k = min(group, params.num_groups - 1u) * 8u;
  for (var i = 0u; i < words; i++) {
    (*v)[i] = select(vec4<f32>(), x[row_at(m + min(i / 8u, last)) + k + (i & 7u)], is);
  }
}

fn along_eight(w: vec4<f32>, v: ptr<function, Held>, i: u32, p: Eight) -> Eight {
  return Eight(
    along(w, (*v)[i], p[0]), along(w, (*v)[8u + i], p[1]), along(w, (*v)[16u + i], p[2]), along(w, (*v)[24u + i], p[3]),
    along(w, (*v)[32u + i], p[4]), along(w, (*v)[40u + i], p[5]), along(w, (*v)[48u + i], p[6]), along(w, (*v)[56u + i], p[7]));
}

fn dot_eight(w: array<vec4<f32>, 8>, v: ptr<function, Held>) -> Eight {
  var p = along_eight(w[0], v, 0u, Eight());
  p = along_eight(w[1], v, 1u, p);
  p = along_eight(w[2], v, 2u, p);
  p = along_eight(w[3], v, 3u, p);
  p = along_eight(w[4], v, 4u, p);
  p = along_eight(w[5], v, 5u, p);
  p = along_eight(w[6], v, 6u, p);
  return along_eight(w[7], v, 7u, p);
}

// Of two rows of x: the first where the lane's bit is 0, the second elsewhere, each with the part of the lane across.
fn merged(first: f32, second: f32, lane: u32, bit: u32) -> f32 {
  let is_second = (lane & bit) != 0u;
  return select(first, second, is_second) + subgroupShuffleXor(select(second, first, is_second), bit);
}

// Of four rows of x, that of the lane's two lowest bits.
fn merged_four(a: f32, b: f32, c: f32, d: f32, lane: u32) -> f32 {
  return merged(merged(a, b, lane, 1u), merged(c, d, lane, 1u), lane, 2u);
}

// Rows m, ..., m + last, of eight at most, against the rows of weights from `first` on. Those behind the last are whatever lies there.
fn multiply_eight(m: u32, last: u32, first: u32, lane: u32) {
  let step = row_groups();
  var t = array<Merged, TEAM_ROWS>();
  var v = Held();
  for (var begin = 0u; begin < params.num_groups; begin += LANES) {
    hold(&v, m, last, 64u, begin + lane);
    let at = first * params.num_groups + begin + lane;
    for (var i = 0u; i < TEAM_ROWS; i++) {
      t[i] += merged_eight(dot_eight(dequant32(at + i * step), &v), lane);
    }
  }
  for (var i = 0u; i < TEAM_ROWS; i++) {
    let n = first + i;
    if (n < params.num_out) { store_merged(m, last, n, lane, t[i]); }
  }
}

fn multiply_one(m: u32, first: u32, lane: u32) {
  let step = row_groups();
  var t = array<f32, TEAM_ROWS>();
  var v = Held();
  for (var begin = 0u; begin < params.num_groups; begin += LANES) {
    hold(&v, m, 0u, 8u, begin + lane);
    let at = first * params.num_groups + begin + lane;
    for (var i = 0u; i < TEAM_ROWS; i++) {
      let w = dequant32(at + i * step);
      var p = along(w[3], v[3], along(w[2], v[2], along(w[1], v[1], along(w[0], v[0], 0.0))));
      p = along(w[7], v[7], along(w[6], v[6], along(w[5], v[5], along(w[4], v[4], p))));
      t[i] += sum_of_lanes(p);
    }
  }
  for (var i = 0u; i < TEAM_ROWS; i += LANES) {
    let n = first + i + lane;
    if (n < params.num_out) { store(m, n, t[i + lane]); }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(subgroup_invocation_id) id: u32) {
  let rows = prompt_rows();
  let lane = id & (LANES - 1u);
  let first = wid.x * TEAM_ROWS;
  let m = rows.x + wid.y * 8u;
  let last = rows.y - 1u - wid.y * 8u;
  if (last == 0u) {
    multiply_one(m, first, lane);
  } else {
    multiply_eight(m, last, first, lane);
  }
}
