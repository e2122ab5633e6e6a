// Two groups of Q8_0 against x: d (sum of (q + 128) x - 128 sum of x), with q8_0_dots.wgsl.
const UNIT_GROUPS = 2u;
alias Held = array<vec4<f32>, 16>;
alias Sums = array<vec4<f32>, 2>; // of x, a group each, times what is too much

struct Unit {
  a: vec4<u32>,
  b: vec4<u32>,
  c: vec4<u32>,
  d: vec4<u32>,
  scales: u32, // two halves
}

fn unit_at(i: u32) -> Unit {
  return Unit(wq[i * 4u], wq[i * 4u + 1u], wq[i * 4u + 2u], wq[i * 4u + 3u], ws[i]);
}

fn sums_of_held(v: Held) -> Sums {
  return Sums(
    offset_q8_0(((v[0] + v[1]) + v[2]) + v[3], ((v[4] + v[5]) + v[6]) + v[7]),
    offset_q8_0(((v[8] + v[9]) + v[10]) + v[11], ((v[12] + v[13]) + v[14]) + v[15]));
}

fn unit_dot(u: Unit, v: Held, s: Sums) -> vec4<f32> {
  let p = four_q8_0(u.a, v[0], v[1], v[2], v[3]) + four_q8_0(u.b, v[4], v[5], v[6], v[7]);
  let q = four_q8_0(u.c, v[8], v[9], v[10], v[11]) + four_q8_0(u.d, v[12], v[13], v[14], v[15]);
  let d = vec4<f32>(half_to_f32(u.scales & 0xffffu));
  return fma(fma(p, UNITS, -s[0]), d, fma(q, UNITS, -s[1]) * half_to_f32(u.scales >> 16u));
}
