// Q6_K: 13 words a block of 256: 8 of low nibbles, 4 of high bit pairs, 1 of sixteen signed scales; d in the other
// plane. Group j: half j/4, quarter j%4; quarters 0 and 2 share low-nibble bytes, as do 1 and 3.
struct Q6K {
  low_a: vec4<u32>,
  low_b: vec4<u32>,
  high_a: vec4<u32>,
  high_b: vec4<u32>,
  scales: vec2<u32>, // of a half
  d: f32,
}

fn scale_q6k(byte: u32) -> f32 {
  return f32(bitcast<i32>(byte << 24u)) * UNITS.w;
}

// The two halves of a group, a byte a weight, 0..63.
struct Sixes {
  a: vec4<u32>,
  b: vec4<u32>,
}

fn sixes_q6k(q: Q6K, quarter: u32) -> Sixes {
  let low_shift = vec4<u32>((quarter >> 1u) * 4u);
  let high_shift = vec4<u32>(quarter * 2u);
  let nibbles = vec4<u32>(0x0f0f0f0fu);
  let pairs = vec4<u32>(0x03030303u);
  return Sixes(
    ((q.low_a >> low_shift) & nibbles) | (((q.high_a >> high_shift) & pairs) << vec4<u32>(4u)),
    ((q.low_b >> low_shift) & nibbles) | (((q.high_b >> high_shift) & pairs) << vec4<u32>(4u)));
}

// Of the two halves.
fn scales_q6k(q: Q6K, quarter: u32) -> vec2<f32> {
  let scales = select(q.scales.x, q.scales.y, quarter > 1u) >> ((quarter & 1u) * 16u);
  return vec2<f32>(scale_q6k(scales), scale_q6k(scales >> 8u)) * q.d;
}

struct Group {
  a: vec4<u32>, // six bits a byte
  b: vec4<u32>,
  s: vec4<f32>, // scales of the two halves
  t: vec4<f32>,
}

fn group_q6k(q: Q6K, quarter: u32) -> Group {
  let sixes = sixes_q6k(q, quarter);
  let scales = scales_q6k(q, quarter);
  return Group(sixes.a, sixes.b, scales.x * UNITS, scales.y * UNITS);
}

fn weights_q6k(word: u32, scale: vec4<f32>) -> vec4<f32> {
  return (bytes_in_place(word) - 32.0 * PLACES) * scale;
}

fn word0(g: Group) -> vec4<f32> { return weights_q6k(g.a.x, g.s); }
fn word1(g: Group) -> vec4<f32> { return weights_q6k(g.a.y, g.s); }
fn word2(g: Group) -> vec4<f32> { return weights_q6k(g.a.z, g.s); }
fn word3(g: Group) -> vec4<f32> { return weights_q6k(g.a.w, g.s); }
fn word4(g: Group) -> vec4<f32> { return weights_q6k(g.b.x, g.t); }
fn word5(g: Group) -> vec4<f32> { return weights_q6k(g.b.y, g.t); }
fn word6(g: Group) -> vec4<f32> { return weights_q6k(g.b.z, g.t); }
fn word7(g: Group) -> vec4<f32> { return weights_q6k(g.b.w, g.t); }

fn half_scales_q6k(at: u32, half: u32) -> vec2<u32> {
  return vec2<u32>(wq[at + 12u][half * 2u], wq[at + 12u][half * 2u + 1u]);
}

fn q6k_at(group: u32) -> Q6K {
  let block = group >> 3u;
  let at = block * 13u;
  let half = (group >> 2u) & 1u;
  let low = at + half * 4u + (group & 1u) * 2u;
  let high = at + 8u + half * 2u;
  let d = half_of(ws[block >> 1u], block);
  return Q6K(wq[low], wq[low + 1u], wq[high], wq[high + 1u], half_scales_q6k(at, half), d);
}

fn group_at(group: u32) -> Group {
  return group_q6k(q6k_at(group), group & 3u);
}
