// The RMS norm of the rows of x, in one pass with the product: x * weight goes in, the squares of x are summed beside it,
// and the finished sum is scaled by 1 / sqrt(mean(x^2) + eps). The padding of x and of the weight is zero.
@group(0) @binding(7) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> row_index: array<u32>;

const NORMED = true;

// Where a row of the output comes from: the rows that want logits are scattered through the batch.
fn x_row(m: u32) -> u32 {
  if (params.head_rows == 1u) {
    return row_index[m];
  }
  return m;
}

// Word k of the norm's weight.
fn norm_word(k: u32) -> vec4<f32> {
  return norm_weight[k];
}

fn squared(v: vec4<f32>, sum: vec4<f32>) -> vec4<f32> {
  return fma(v, v, sum);
}

fn row_scales(squares: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(1.0) / sqrt(squares / f32(params.num_elements) + vec4<f32>(params.eps));
}
