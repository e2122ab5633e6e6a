// Two groups of Q4_0 against x: d (sum of q x - 8 sum of x). With q4_0_dots.wgsl.
const UNIT_GROUPS = 2u;
alias Held = array<vec4<f32>, 16>;
alias Sums = array<vec4<f32>, 2>; // of x, a group each, times what is too much

struct Unit {
  q: vec4<u32>,
  r: vec4<u32>,
  scales: u32, // two halves
}

fn unit_at(i: u32) -> Unit {
  return Unit(wq[i * 2u], wq[i * 2u + 1u], ws[i]);
}

fn sums_of_held(v: Held) -> Sums {
  return Sums(
    offset_q4_0(((v[0] + v[1]) + v[2]) + v[3], ((v[4] + v[5]) + v[6]) + v[7]),
    offset_q4_0(((v[8] + v[9]) + v[10]) + v[11], ((v[12] + v[13]) + v[14]) + v[15]));
}

fn unit_dot(u: Unit, v: Held, s: Sums) -> vec4<f32> {
  let p = with_high_dot_q4_0(low_dot_q4_0(u.q, v[0], v[1], v[2], v[3]), u.q, v[4], v[5], v[6], v[7]);
  let q = with_high_dot_q4_0(low_dot_q4_0(u.r, v[8], v[9], v[10], v[11]), u.r, v[12], v[13], v[14], v[15]);
  let d = vec4<f32>(half_to_f32(u.scales & 0xffffu));
  return fma(fma(p, UNITS, -s[0]), d, fma(q, UNITS, -s[1]) * half_to_f32(u.scales >> 16u));
}
