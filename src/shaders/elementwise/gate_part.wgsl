// x = activation(x) * by, in place; `by` is one of the parts that a row of another buffer is made of. A thread four elements.
struct GatePartParams {
  num_words: u32,  // of x, in fours, padding not counted
  row_words: u32,  // of a row of x
  by_words: u32,   // of a row of by
  first_word: u32, // of the part
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: GatePartParams;
@group(0) @binding(2) var<storage, read> by: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let at = gid.y * params.row_words + gid.x;
    x[at] = activated4(x[at], by[gid.y * params.by_words + params.first_word + gid.x]);
  }
}
