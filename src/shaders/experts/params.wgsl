// Products with one row shard of stacked matrices [expert][row][K]: out[pair, column] = sum_k x[pair, k] w[expert of pair, column, k] +
// bias. Of gate and up, a shard holds rows of gate and behind them the same rows of up, and so does a row of `out`.
struct ExpertParams {
  num_groups: u32,  // K / 32
  group_words: u32, // 8, of four weights each, but not so that a compiler knows and unrolls
  first_row: u32,   // of the shard, counted through all experts; of either half
  num_rows: u32,    // of the shard, of either half
  expert_rows: u32, // of an expert, of either half
  num_halves: u32,
  half_gap: u32,    // columns from gate to up in a row of `out`
  bias_gap: u32,    // from the biases of gate to those of up
  has_bias: u32,
  num_used: u32,    // pairs of a row
  x_shared: u32,    // 1: the pairs of a row have x in common; 0: each has its own
  x_stride: u32,    // floats
  x_offset: u32,    // floats, of a row's first
  out_stride: u32,  // floats
  out_offset: u32,
}

@group(0) @binding(2) var<uniform> step: Step;
@group(0) @binding(3) var<uniform> params: ExpertParams;
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;     // [half][expert][row]
@group(0) @binding(6) var<storage, read_write> out: array<f32>; // [pair][out_stride]

// The part of an expert that lies in the shard.
struct Part {
  first: u32,  // row of the shard
  count: u32,  // of either half
  column: u32, // of the first
}

fn part_of(expert: u32) -> Part {
  let begin = expert * params.expert_rows;
  let first = max(begin, params.first_row);
  let end = min(begin + params.expert_rows, params.first_row + params.num_rows);
  return Part(first - params.first_row, max(end, first) - first, first - begin);
}

// The row of the shard that output n of a part is the product with: gate first, then up.
fn weight_row(part: Part, n: u32) -> u32 {
  return part.first + select(n, n - part.count + params.num_rows, n >= part.count);
}

// The word of x at which a pair's row begins.
fn x_at(pair: u32) -> u32 {
  let row = select(pair, pair / params.num_used, params.x_shared == 1u);
  return (row * params.x_stride + params.x_offset) >> 2u;
}

// A sum from its four partial sums.
fn sum4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

fn with_bias(row: u32, sum: f32) -> f32 {
  if (params.has_bias == 0u) {
    return sum;
  }
  let is_up = row >= params.num_rows;
  let at = params.first_row + row;
  return sum + bias[select(at, at - params.num_rows + params.bias_gap, is_up)];
}

fn store(pair: u32, part: Part, n: u32, sum: f32) {
  let column = params.out_offset + part.column + select(n, n - part.count + params.half_gap, n >= part.count);
  out[pair * params.out_stride + column] = with_bias(weight_row(part, n), sum);
}
