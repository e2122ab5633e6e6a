// ln(1 + exp(x)) = max(x, 0) + ln(1 + e), e = exp(-|x|). The built-in log is promised to 2^-21 alone near 1, so ln(1 + e) is the
// series 2 (s + s^3 / 3 + ..) of s = e / (2 + e), at most 1/3: from s^17 on it is below half an ulp.
fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let t = s * s;
  var sum = fma(t, 1.0 / 15.0, 1.0 / 13.0);
  sum = fma(t, sum, 1.0 / 11.0);
  sum = fma(t, sum, 1.0 / 9.0);
  sum = fma(t, sum, 1.0 / 7.0);
  sum = fma(t, sum, 1.0 / 5.0);
  sum = fma(t, sum, 1.0 / 3.0);
  return max(x, 0.0) + 2.0 * fma(t * s, sum, s);
}
