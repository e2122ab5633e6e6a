// Four outputs of a thread at once, so that one load of x serves four products. The order of each sum is that of a thread
// an output: four partial sums along k, then (x + y) + (z + w).
struct Four {
  a: vec4<f32>,
  b: vec4<f32>,
  c: vec4<f32>,
  d: vec4<f32>,
}

struct FourGroups {
  a: array<vec4<f32>, 8>,
  b: array<vec4<f32>, 8>,
  c: array<vec4<f32>, 8>,
  d: array<vec4<f32>, 8>,
}

// Of four rows of x.
struct FourRows {
  a: Four,
  b: Four,
  c: Four,
  d: Four,
}

struct EightRows {
  low: FourRows,
  high: FourRows,
}

fn group_of_x(at: u32, lane: u32) -> array<vec4<f32>, 8> {
  let l = lane_x(at, lane);
  return array<vec4<f32>, 8>(x0(l), x1(l), x2(l), x3(l), x4(l), x5(l), x6(l), x7(l));
}

fn dot32(w: array<vec4<f32>, 8>, v: array<vec4<f32>, 8>, sum: vec4<f32>) -> vec4<f32> {
  var s = fma(w[0], v[0], sum);
  s = fma(w[1], v[1], s);
  s = fma(w[2], v[2], s);
  s = fma(w[3], v[3], s);
  s = fma(w[4], v[4], s);
  s = fma(w[5], v[5], s);
  s = fma(w[6], v[6], s);
  return fma(w[7], v[7], s);
}

// A group of a row of x, and of the four rows of weights.
fn take_row(sums: ptr<function, Four>, w: FourGroups, v: array<vec4<f32>, 8>) {
  (*sums).a = dot32(w.a, v, (*sums).a);
  (*sums).b = dot32(w.b, v, (*sums).b);
  (*sums).c = dot32(w.c, v, (*sums).c);
  (*sums).d = dot32(w.d, v, (*sums).d);
}

fn sums_of(four: Four) -> vec4<f32> {
  return vec4<f32>(sum4(four.a), sum4(four.b), sum4(four.c), sum4(four.d));
}

// Words of x at which the four rows from `first` on begin; past `last` (counted from `first`) the last again.
fn rows_from(first: u32, last: u32) -> vec4<u32> {
  return (vec4<u32>(first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last))) * (params.x_stride >> 2u);
}

// The outputs of a thread where nothing says otherwise: n, n + 16, n + 32 and n + 48.
fn first_groups(n: u32) -> vec4<u32> {
  return min(vec4<u32>(n) + vec4<u32>(0u, 16u, 32u, 48u), vec4<u32>(params.num_out - 1u)) * params.num_groups;
}

fn store_four(m: u32, n: u32, four: Four) {
  let sums = sums_of(four);
  if (n < params.num_out) { store(m, n, sums.x); }
  if (n + 16u < params.num_out) { store(m, n + 16u, sums.y); }
  if (n + 32u < params.num_out) { store(m, n + 32u, sums.z); }
  if (n + 48u < params.num_out) { store(m, n + 48u, sums.w); }
}
