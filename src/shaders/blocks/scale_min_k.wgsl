// 6-bit scale and minimum of group j from the first word of a Q4_K or Q5_K block: d, dmin, and twelve bytes of them.
fn scale_min_k(head: vec4<u32>, j: u32) -> vec2<f32> {
  let shift = (j & 3u) * 8u;
  let a = (head.y >> shift) & 255u; // bytes 0..3
  let b = (head.z >> shift) & 255u; // bytes 4..7
  let c = (head.w >> shift) & 255u; // bytes 8..11
  let scale = select((c & 15u) | ((a >> 6u) << 4u), a & 63u, j < 4u);
  let minimum = select((c >> 4u) | ((b >> 6u) << 4u), b & 63u, j < 4u);
  return vec2<f32>(f32(scale), f32(minimum));
}
