// An order-preserving map from the bits of an f32 to u32: the larger the value, the larger the key.
// Key 0 is "no candidate": NaN, -infinity, padding. It works on bits, since `x != x` is not a reliable test.
// It knows nothing of rows, filters or buffers.

const NO_CANDIDATE = 0u;
const SIGN_BIT = 0x80000000u;
const INFINITY_BITS = 0x7f800000u;
const MINUS_INFINITY_BITS = 0xff800000u;
// The keys of -1e30 and 1e30: arithmetic stays within these, so that no difference of two logits overflows.
const LOWEST_KEY = 0x0eb60d35u;
const HIGHEST_KEY = 0xf149f2cau;

fn is_nan(bits: u32) -> bool {
  return (bits & ~SIGN_BIT) > INFINITY_BITS;
}

fn key_of_bits(bits: u32) -> u32 {
  if (is_nan(bits) || bits == MINUS_INFINITY_BITS) {
    return NO_CANDIDATE;
  }
  if (bits == SIGN_BIT) {
    return SIGN_BIT; // -0 ties with +0
  }
  return select(bits | SIGN_BIT, ~bits, bits >= SIGN_BIT);
}

fn key_of(value: f32) -> u32 {
  return key_of_bits(bitcast<u32>(value));
}

// The value of a key, held to [-1e30, 1e30].
fn value_of(key: u32) -> f32 {
  let k = clamp(key, LOWEST_KEY, HIGHEST_KEY);
  return bitcast<f32>(select(~k, k & ~SIGN_BIT, k >= SIGN_BIT));
}
