// For types without units of their own: a unit is a group, its weights as an array.
const UNIT_GROUPS = 1u;
alias Held = array<vec4<f32>, 8>;

struct Unit {
  w: array<vec4<f32>, 8>,
}

fn unit_at(group: u32) -> Unit {
  return Unit(dequant32(group));
}

fn sums_of_held(v: Held) -> f32 {
  return 0.0; // of no use here
}

fn unit_dot(u: Unit, v: Held, sums: f32) -> vec4<f32> {
  var p = u.w[0] * v[0];
  p = fma(u.w[1], v[1], p);
  p = fma(u.w[2], v[2], p);
  p = fma(u.w[3], v[3], p);
  p = fma(u.w[4], v[4], p);
  p = fma(u.w[5], v[5], p);
  p = fma(u.w[6], v[6], p);
  return fma(u.w[7], v[7], p);
}
