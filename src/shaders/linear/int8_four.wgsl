// Four outputs of a thread at once, n, n + 16, n + 32 and n + 48, so that one load of x serves four products.
struct FourInt8 {
  a: Int8Group,
  b: Int8Group,
  c: Int8Group,
  d: Int8Group,
}

// First groups of the four rows of weights.
fn first_groups(n: u32) -> vec4<u32> {
  return min(vec4<u32>(n) + vec4<u32>(0u, 16u, 32u, 48u), vec4<u32>(params.num_out - 1u)) * params.num_groups;
}

fn int8_groups(at: vec4<u32>) -> FourInt8 {
  return FourInt8(int8_group(at.x), int8_group(at.y), int8_group(at.z), int8_group(at.w));
}

// First groups of four rows of x from `first` on; past `last` (counted from `first`) the last again.
fn rows_from(first: u32, last: u32) -> vec4<u32> {
  return (vec4<u32>(first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last))) * params.num_groups;
}

fn add_four(w: FourInt8, v: RowGroup, sums: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(add_group(w.a, v, sums.x), add_group(w.b, v, sums.y), add_group(w.c, v, sums.z), add_group(w.d, v, sums.w));
}

fn store_four(m: u32, n: u32, sums: vec4<f32>) {
  if (n < params.num_out) { store(m, n, sums.x); }
  if (n + 16u < params.num_out) { store(m, n + 16u, sums.y); }
  if (n + 32u < params.num_out) { store(m, n + 32u, sums.z); }
  if (n + 48u < params.num_out) { store(m, n + 48u, sums.w); }
}
