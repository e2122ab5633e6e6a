// Q4_K: 9 words a block of 256, as in the file: word 0 holds d, dmin and twelve bytes of 6-bit scales and minima for
// eight groups, words 1..8 the nibbles, two words for two groups (low nibbles the even group).
struct Group {
  a: vec4<u32>, // nibbles of the group are the low ones
  b: vec4<u32>,
  d: vec4<f32>,
  m: vec4<f32>,
}

// Group j of a block, given its two words of nibbles.
fn group_q4k(head: vec4<u32>, j: u32, words_a: vec4<u32>, words_b: vec4<u32>) -> Group {
  let sm = scale_min_k(head, j);
  let d = half_to_f32(head.x & 0xffffu) * sm.x * UNITS;
  let m = vec4<f32>(half_to_f32(head.x >> 16u) * sm.y);
  let shift = vec4<u32>((j & 1u) * 4u);
  return Group(words_a >> shift, words_b >> shift, d, m);
}

fn group_at(group: u32) -> Group {
  let at = (group >> 3u) * 9u;
  let j = group & 7u;
  return group_q4k(wq[at], j, wq[at + 1u + (j >> 1u) * 2u], wq[at + 2u + (j >> 1u) * 2u]);
}

fn word0(g: Group) -> vec4<f32> { return low_nibbles(g.a.x) * g.d - g.m; }
fn word1(g: Group) -> vec4<f32> { return low_nibbles(g.a.y) * g.d - g.m; }
fn word2(g: Group) -> vec4<f32> { return low_nibbles(g.a.z) * g.d - g.m; }
fn word3(g: Group) -> vec4<f32> { return low_nibbles(g.a.w) * g.d - g.m; }
fn word4(g: Group) -> vec4<f32> { return low_nibbles(g.b.x) * g.d - g.m; }
fn word5(g: Group) -> vec4<f32> { return low_nibbles(g.b.y) * g.d - g.m; }
fn word6(g: Group) -> vec4<f32> { return low_nibbles(g.b.z) * g.d - g.m; }
fn word7(g: Group) -> vec4<f32> { return low_nibbles(g.b.w) * g.d - g.m; }
