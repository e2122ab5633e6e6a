// One group of Q8_0 against x: d (sum of (q + 128) x - 128 sum of x), with q8_0_dots.wgsl.
const UNIT_GROUPS = 1u;
alias Held = array<vec4<f32>, 8>;
alias Sums = vec4<f32>; // of x, times what is too much

struct Unit {
  a: vec4<u32>,
  b: vec4<u32>,
  d: f32,
}

fn unit_at(group: u32) -> Unit {
  return Unit(wq[group * 2u], wq[group * 2u + 1u], half_of(ws[group >> 1u], group));
}

fn sums_of_held(v: Held) -> Sums {
  return offset_q8_0(((v[0] + v[1]) + v[2]) + v[3], ((v[4] + v[5]) + v[6]) + v[7]);
}

fn unit_dot(u: Unit, v: Held, offset: Sums) -> vec4<f32> {
  let p = four_q8_0(u.a, v[0], v[1], v[2], v[3]) + four_q8_0(u.b, v[4], v[5], v[6], v[7]);
  return fma(p, UNITS, -offset) * u.d;
}
