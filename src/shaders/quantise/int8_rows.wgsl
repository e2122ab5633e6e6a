// Rows as signed bytes with a scale for each group of 32: x = scale * byte, scale the largest magnitude / 127.
const ONE_127TH = 0.007874015748031496;

// Four bytes of a word.
fn packed_bytes(v: vec4<f32>, inverse: f32) -> vec4<i32> {
  return vec4<i32>(clamp(round(v * inverse), vec4<f32>(-127.0), vec4<f32>(127.0)));
}

fn word_of(q: vec4<i32>) -> u32 {
  let bytes = (bitcast<vec4<u32>>(q) & vec4<u32>(255u)) << vec4<u32>(0u, 8u, 16u, 24u);
  return (bytes.x | bytes.y) | (bytes.z | bytes.w);
}

fn largest4(v: vec4<f32>) -> f32 {
  let m = abs(v);
  return max(max(m.x, m.y), max(m.z, m.w));
}

// Writes group `at`. What is below 1e-30 is nothing: 127 / x must stay a number.
fn write_group(at: u32, v: array<vec4<f32>, 8>) {
  let low = max(max(largest4(v[0]), largest4(v[1])), max(largest4(v[2]), largest4(v[3])));
  let high = max(max(largest4(v[4]), largest4(v[5])), max(largest4(v[6]), largest4(v[7])));
  let top = max(low, high);
  let inverse = select(0.0, 127.0 / top, top > 1e-30);
  let a0 = packed_bytes(v[0], inverse);
  let a1 = packed_bytes(v[1], inverse);
  let a2 = packed_bytes(v[2], inverse);
  let a3 = packed_bytes(v[3], inverse);
  let b0 = packed_bytes(v[4], inverse);
  let b1 = packed_bytes(v[5], inverse);
  let b2 = packed_bytes(v[6], inverse);
  let b3 = packed_bytes(v[7], inverse);
  let sums = ((a0 + a1) + (a2 + a3)) + ((b0 + b1) + (b2 + b3));
  quants[at * 2u] = vec4<u32>(word_of(a0), word_of(a1), word_of(a2), word_of(a3));
  quants[at * 2u + 1u] = vec4<u32>(word_of(b0), word_of(b1), word_of(b2), word_of(b3));
  scales[at] = vec2<f32>(top * ONE_127TH, f32((sums.x + sums.y) + (sums.z + sums.w)));
}
