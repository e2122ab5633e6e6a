// The four bytes of a word as numbers without a shift to their places, which SwiftShader does element by element: what
// is left of each after a mask is a number as it stands, off by a power of two, which its scale takes along exactly.
const PLACES = vec4<f32>(1.0, 256.0, 65536.0, 16777216.0);
const UNITS = vec4<f32>(1.0, 0.00390625, 0.0000152587890625, 0.000000059604644775390625); // 1 / PLACES

// Bytes below 128, times PLACES.
fn bytes_in_place(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) & vec4<u32>(0x7fu, 0x7f00u, 0x7f0000u, 0x7f000000u)));
}

// Their low nibbles, times PLACES.
fn low_nibbles(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) & vec4<u32>(0xfu, 0xf00u, 0xf0000u, 0xf000000u)));
}

// High nibbles of bytes, times 16 PLACES; less 8 in the topmost, since that has the sign.
fn high_nibbles(word: u32) -> vec4<f32> {
  let turned = vec4<u32>(word ^ 0x80000000u);
  return vec4<f32>(bitcast<vec4<i32>>(turned & vec4<u32>(0xf0u, 0xf000u, 0xf00000u, 0xf0000000u)));
}

// Bytes, times PLACES; the topmost is signed.
fn bytes(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) & vec4<u32>(0xffu, 0xff00u, 0xff0000u, 0xff000000u)));
}

// Their high nibbles less 8, times 16 PLACES. The topmost one has the sign: with its high bit turned it is the difference.
fn high_nibbles_less_8(word: u32) -> vec4<f32> {
  let nibbles = (vec4<u32>(word) & vec4<u32>(0xf0u, 0xf000u, 0xf00000u, 0xf0000000u)) ^ vec4<u32>(0u, 0u, 0u, 0x80000000u);
  return vec4<f32>(bitcast<vec4<i32>>(nibbles)) - vec4<f32>(128.0, 32768.0, 8388608.0, 0.0);
}

// Two's complement bytes, each times 2^24.
fn signed_bytes_at_top(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>((vec4<u32>(word) * vec4<u32>(16777216u, 65536u, 256u, 1u)) & vec4<u32>(0xff000000u)));
}
