// cap * tanh(x / cap), or x where cap is 0: https://arxiv.org/abs/2408.00118. By exp of what is not positive, because drivers'
// tanh overflow at large arguments.
fn capped(x: f32, cap: f32) -> f32 {
  if (cap == 0.0) {
    return x;
  }
  let e = exp(-2.0 * abs(x) / cap);
  return cap * sign(x) * ((1.0 - e) / (1.0 + e));
}
