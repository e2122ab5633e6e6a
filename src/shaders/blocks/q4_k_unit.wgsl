// Two groups of Q4_K that share words of nibbles against x: for each d scale (sum of q x) - dmin minimum (sum of x).
const UNIT_GROUPS = 2u;
alias Held = array<vec4<f32>, 16>;
alias Sums = array<vec4<f32>, 2>; // of x, a group each

struct Unit {
  a: vec4<u32>,
  b: vec4<u32>,
  d: vec2<f32>, // of either group
  m: vec2<f32>,
}

fn unit_at(i: u32) -> Unit {
  let at = (i >> 2u) * 9u;
  let j = (i & 3u) * 2u;
  let head = wq[at];
  let even = scale_min_k(head, j);
  let odd = scale_min_k(head, j + 1u);
  let d = half_to_f32(head.x & 0xffffu) * vec2<f32>(even.x, odd.x);
  let m = half_to_f32(head.x >> 16u) * vec2<f32>(even.y, odd.y);
  return Unit(wq[at + 1u + j], wq[at + 2u + j], d, m);
}

fn sums_of_held(v: Held) -> Sums {
  return Sums(
    ((((((v[0] + v[1]) + v[2]) + v[3]) + v[4]) + v[5]) + v[6]) + v[7],
    ((((((v[8] + v[9]) + v[10]) + v[11]) + v[12]) + v[13]) + v[14]) + v[15]);
}

fn unit_dot(u: Unit, v: Held, s: Sums) -> vec4<f32> {
  var p = low_nibbles(u.a.x) * v[0];
  p = fma(low_nibbles(u.a.y), v[1], p);
  p = fma(low_nibbles(u.a.z), v[2], p);
  p = fma(low_nibbles(u.a.w), v[3], p);
  p = fma(low_nibbles(u.b.x), v[4], p);
  p = fma(low_nibbles(u.b.y), v[5], p);
  p = fma(low_nibbles(u.b.z), v[6], p);
  p = fma(low_nibbles(u.b.w), v[7], p);
  var q = high_nibbles(u.a.x) * v[8];
  q = fma(high_nibbles(u.a.y), v[9], q);
  q = fma(high_nibbles(u.a.z), v[10], q);
  q = fma(high_nibbles(u.a.w), v[11], q);
  q = fma(high_nibbles(u.b.x), v[12], q);
  q = fma(high_nibbles(u.b.y), v[13], q);
  q = fma(high_nibbles(u.b.z), v[14], q);
  q = fma(high_nibbles(u.b.w), v[15], q);
  // The topmost of the high nibbles are less 8.
  let even = fma(p, UNITS * u.d.x, s[0] * -u.m.x);
  let odd = fma(q, UNITS * (u.d.y * 0.0625), s[1] * vec4<f32>(-u.m.y, -u.m.y, -u.m.y, fma(u.d.y, 8.0, -u.m.y)));
  return even + odd;
}
