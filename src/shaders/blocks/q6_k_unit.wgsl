// Half a block of Q6_K, four groups, against x: for each sixteen d scale (sum of q x - 32 sum of x). Shifts to the left are
// products, which SwiftShader does four at a time.
const UNIT_GROUPS = 4u;
alias Held = array<vec4<f32>, 32>;
alias Sums = array<vec4<f32>, 8>; // of x, sixteen each, times 32

struct Unit {
  even_a: vec4<u32>, // low nibbles of quarters 0 and 2
  even_b: vec4<u32>,
  odd_a: vec4<u32>, // and of 1 and 3
  odd_b: vec4<u32>,
  high_a: vec4<u32>,
  high_b: vec4<u32>,
  s: vec4<f32>, // scales of quarters 0 and 1
  t: vec4<f32>, // and of 2 and 3
}

fn unit_at(i: u32) -> Unit {
  let block = i >> 1u;
  let at = block * 13u;
  let half = i & 1u;
  let low = at + half * 4u;
  let high = at + 8u + half * 2u;
  let scales = half_scales_q6k(at, half);
  let d = half_of(ws[block >> 1u], block) * UNITS.w;
  return Unit(
    wq[low], wq[low + 1u], wq[low + 2u], wq[low + 3u], wq[high], wq[high + 1u],
    signed_bytes_at_top(scales.x) * d, signed_bytes_at_top(scales.y) * d);
}

fn sum_q6k(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  return (((a + b) + c) + d) * 32.0;
}

fn sums_of_held(v: Held) -> Sums {
  return Sums(
    sum_q6k(v[0], v[1], v[2], v[3]), sum_q6k(v[4], v[5], v[6], v[7]),
    sum_q6k(v[8], v[9], v[10], v[11]), sum_q6k(v[12], v[13], v[14], v[15]),
    sum_q6k(v[16], v[17], v[18], v[19]), sum_q6k(v[20], v[21], v[22], v[23]),
    sum_q6k(v[24], v[25], v[26], v[27]), sum_q6k(v[28], v[29], v[30], v[31]));
}

// Sixteen weights but for their scale: six bits a byte.
fn dot_q6k(q: vec4<u32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, sum: vec4<f32>) -> vec4<f32> {
  var p = bytes_in_place(q.x) * a;
  p = fma(bytes_in_place(q.y), b, p);
  p = fma(bytes_in_place(q.z), c, p);
  return fma(fma(bytes_in_place(q.w), d, p), UNITS, -sum);
}

fn nibbles_q6k(q: vec4<u32>) -> vec4<u32> {
  return q & vec4<u32>(0x0f0f0f0fu);
}

fn unit_dot(u: Unit, v: Held, s: Sums) -> vec4<f32> {
  let two = vec4<u32>(0x03030303u);
  let quarter0_a = nibbles_q6k(u.even_a) | ((u.high_a & two) * 16u);
  let quarter0_b = nibbles_q6k(u.even_b) | ((u.high_b & two) * 16u);
  var p = dot_q6k(quarter0_a, v[0], v[1], v[2], v[3], s[0]) * u.s.x;
  p = fma(dot_q6k(quarter0_b, v[4], v[5], v[6], v[7], s[1]), vec4<f32>(u.s.y), p);
  let quarter1_a = nibbles_q6k(u.odd_a) | ((u.high_a & (two * 4u)) * 4u);
  let quarter1_b = nibbles_q6k(u.odd_b) | ((u.high_b & (two * 4u)) * 4u);
  p = fma(dot_q6k(quarter1_a, v[8], v[9], v[10], v[11], s[2]), vec4<f32>(u.s.z), p);
  p = fma(dot_q6k(quarter1_b, v[12], v[13], v[14], v[15], s[3]), vec4<f32>(u.s.w), p);
  let quarter2_a = nibbles_q6k(u.even_a >> vec4<u32>(4u)) | (u.high_a & (two * 16u));
  let quarter2_b = nibbles_q6k(u.even_b >> vec4<u32>(4u)) | (u.high_b & (two * 16u));
  p = fma(dot_q6k(quarter2_a, v[16], v[17], v[18], v[19], s[4]), vec4<f32>(u.t.x), p);
  p = fma(dot_q6k(quarter2_b, v[20], v[21], v[22], v[23], s[5]), vec4<f32>(u.t.y), p);
  let quarter3_a = nibbles_q6k(u.odd_a >> vec4<u32>(4u)) | ((u.high_a >> vec4<u32>(2u)) & (two * 16u));
  let quarter3_b = nibbles_q6k(u.odd_b >> vec4<u32>(4u)) | ((u.high_b >> vec4<u32>(2u)) & (two * 16u));
  p = fma(dot_q6k(quarter3_a, v[24], v[25], v[26], v[27], s[6]), vec4<f32>(u.t.z), p);
  return fma(dot_q6k(quarter3_b, v[28], v[29], v[30], v[31], s[7]), vec4<f32>(u.t.w), p);
}
