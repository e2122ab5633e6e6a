// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): four random words as a pure
// function of a counter and a key, so a draw depends on (seed, position, token) and on nothing else.
// CPU twin: rng.ref.ts. It knows nothing of sampling.

fn mul_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low_high = a_low * b_high;
  let high_low = a_high * b_low;
  let middle = ((a_low * b_low) >> 16u) + (low_high & 0xffffu) + (high_low & 0xffffu);
  return a_high * b_high + (low_high >> 16u) + (high_low >> 16u) + (middle >> 16u);
}

fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = mul_high(0xd2511f53u, c.x);
    let high1 = mul_high(0xcd9e8d57u, c.z);
    c = vec4<u32>(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// -log(1 - v) for v = (bits + 0.5) / 2^32: a draw of Exp(1), relatively accurate also where v is tiny, because the
// smallest draws decide the race.
fn exponential(bits: u32) -> f32 {
  if (bits >= 0x80000000u) {
    return -log((f32(~bits) + 0.5) * 0x1p-32);
  }
  // 2 atanh(s) with s = v / (2 - v) <= 1/3; the first term left out is below 2e-8 of the sum.
  let v = (f32(bits) + 0.5) * 0x1p-32;
  let s = v / (2.0 - v);
  let t = s * s;
  var series = 1.0 / 13.0;
  series = fma(series, t, 1.0 / 11.0);
  series = fma(series, t, 1.0 / 9.0);
  series = fma(series, t, 1.0 / 7.0);
  series = fma(series, t, 1.0 / 5.0);
  series = fma(series, t, 1.0 / 3.0);
  series = fma(series, t, 1.0);
  return 2.0 * s * series;
}

// A draw of the standard Gumbel distribution, in (-3.2, MAX_GUMBEL): the smallest exponential is 2^-33.
const MAX_GUMBEL = 23.0;
fn gumbel(bits: u32) -> f32 {
  return -log(exponential(bits));
}
