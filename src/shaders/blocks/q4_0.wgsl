// Q4_0: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), one half scale, offset 8.
struct Group {
  q: vec4<u32>,
  low: vec4<f32>, // scales of what stands in its place
  high: vec4<f32>,
}

fn group_at(group: u32) -> Group {
  let low = half_of(ws[group >> 1u], group) * UNITS;
  return Group(wq[group], low, low * 0.0625);
}

fn low_q4_0(word: u32, scale: vec4<f32>) -> vec4<f32> {
  return (low_nibbles(word) - 8.0 * PLACES) * scale;
}

fn word0(g: Group) -> vec4<f32> { return low_q4_0(g.q.x, g.low); }
fn word1(g: Group) -> vec4<f32> { return low_q4_0(g.q.y, g.low); }
fn word2(g: Group) -> vec4<f32> { return low_q4_0(g.q.z, g.low); }
fn word3(g: Group) -> vec4<f32> { return low_q4_0(g.q.w, g.low); }
fn word4(g: Group) -> vec4<f32> { return high_nibbles_less_8(g.q.x) * g.high; }
fn word5(g: Group) -> vec4<f32> { return high_nibbles_less_8(g.q.y) * g.high; }
fn word6(g: Group) -> vec4<f32> { return high_nibbles_less_8(g.q.z) * g.high; }
fn word7(g: Group) -> vec4<f32> { return high_nibbles_less_8(g.q.w) * g.high; }
