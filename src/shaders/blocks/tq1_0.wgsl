// TQ1_0: 3 words a block of 256, a byte five ternary weights: byte q stands for the fraction q / 256 = 0.t0 t1 t2 t3 t4 to
// the base of three, so digit n is the whole part of 3 frac(3^n q / 256). Words 0 and 1: digit j of the 32 bytes is group j,
// j < 5. Word 2: digits 0..4 of the 16 bytes are groups 5, 6 and half of 7. In the other plane three times sixteen bits: four
// bytes, whose digits 0..3 are the last 16 weights, and the half scale.
fn power_of_3(n: u32) -> u32 {
  return select((0x1b090301u >> ((n & 3u) * 8u)) & 255u, 81u, n == 4u);
}

fn trits_less_1(word: u32, power: u32) -> vec4<f32> {
  let q = (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u);
  let trits = (((q * power) & vec4<u32>(255u)) * 3u) >> vec4<u32>(8u);
  return vec4<f32>(trits) - vec4<f32>(1.0);
}

fn dequant32(group: u32) -> array<vec4<f32>, 8> {
  let block = group >> 3u;
  let j = group & 7u;
  let at = block * 3u;
  let ends = scale_half(at) | (scale_half(at + 1u) << 16u);
  let d = half_to_f32(scale_half(at + 2u));
  let is_long = j < 5u;
  let a = wq[select(at + 2u, at, is_long)];
  let b = wq[select(at + 2u, at + 1u, is_long)];
  let n = select((j - 5u) * 2u, j, is_long);
  let p = power_of_3(n);
  let r = power_of_3(select(n + 1u, n, is_long));
  let is_last = j == 7u;
  let last_words = select(b, vec4<u32>(ends), is_last);
  let last_powers = select(vec4<u32>(r), vec4<u32>(1u, 3u, 9u, 27u), is_last);
  return array<vec4<f32>, 8>(
    trits_less_1(a.x, p) * d, trits_less_1(a.y, p) * d, trits_less_1(a.z, p) * d, trits_less_1(a.w, p) * d,
    trits_less_1(last_words.x, last_powers.x) * d, trits_less_1(last_words.y, last_powers.y) * d,
    trits_less_1(last_words.z, last_powers.z) * d, trits_less_1(last_words.w, last_powers.w) * d);
}
