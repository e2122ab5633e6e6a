// A row of weights an output; gate and up side by side.
const HALVES = 1u;

fn num_outputs(part: Part) -> u32 {
  return part.count * params.num_halves;
}

fn store_sums(pair: u32, part: Part, n: u32, first: f32, second: f32) {
  store(pair, part, n, first);
}
