// Q4_0: one word of 32 nibbles a group (low nibbles are weights 0..15, high ones 16..31), one half scale, offset 8.
fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let low = half_of(ws[group >> 1u], group) * UNITS;
  let high = low * 0.0625;
  let q = wq[group];
  let eight = 8.0 * PLACES;
  return array<vec4<f32>, 8>(
    (low_nibbles(q.x) - eight) * low, (low_nibbles(q.y) - eight) * low,
    (low_nibbles(q.z) - eight) * low, (low_nibbles(q.w) - eight) * low,
    high_nibbles_less_8(q.x) * high, high_nibbles_less_8(q.y) * high,
    high_nibbles_less_8(q.z) * high, high_nibbles_less_8(q.w) * high);
}
