// Rows of gate and up an output: activation(gate) * up.
const HALVES = 2u;

fn num_outputs(part: Part) -> u32 {
  return part.count;
}

fn store_sums(pair: u32, part: Part, n: u32, first: f32, second: f32) {
  let row = weight_row(part, n);
  out[pair * params.out_stride + params.out_offset + part.column + n] =
    activated(with_bias(row, first), with_bias(row + params.num_rows, second));
}
