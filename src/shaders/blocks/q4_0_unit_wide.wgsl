// One group of Q4_0 against x: d (sum of q x - 8 sum of x). With q4_0_dots.wgsl.
const UNIT_GROUPS = 1u;
alias Held = array<vec4<f32>, 8>;
alias Sums = vec4<f32>; // of x, times what is too much

struct Unit {
  q: vec4<u32>,
  d: f32,
}

fn unit_at(group: u32) -> Unit {
  return Unit(wq[group], half_of(ws[group >> 1u], group));
}

fn sums_of_held(v: Held) -> Sums {
  return offset_q4_0(((v[0] + v[1]) + v[2]) + v[3], ((v[4] + v[5]) + v[6]) + v[7]);
}

fn unit_dot(u: Unit, v: Held, offset: Sums) -> vec4<f32> {
  let p = with_high_dot_q4_0(low_dot_q4_0(u.q, v[0], v[1], v[2], v[3]), u.q, v[4], v[5], v[6], v[7]);
  return fma(p, UNITS, -offset) * u.d;
}
