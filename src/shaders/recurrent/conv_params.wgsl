struct CausalConvParams {
  num_channels: u32,
  x_stride: u32,     // floats of a row of inputs
  x_offset: u32,     // where in a row they begin
  out_stride: u32,
  has_bias: u32,
}
