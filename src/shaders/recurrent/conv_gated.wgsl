// A row of inputs is b | c | x: the convolution of b x, times c.
fn input_of(row: u32, channel: u32) -> f32 {
  let at = row * params.x_stride + params.x_offset + channel;
  return x[at] * x[at + 2u * params.num_channels];
}

fn output_of(sum: f32, row: u32, channel: u32) -> f32 {
  return sum * x[row * params.x_stride + params.x_offset + params.num_channels + channel];
}
