// out[r, i] = activation(gate[r, i]) * up[r, i], gate and up side by side in one row. A thread four elements.
struct GatedMulParams {
  num_words: u32,      // of gate, and of up
  with_generated: u32, // 0: prompt rows; 1: generated rows too
  rows_each: u32,      // rows of gate_up for a row of the step: one, or one an expert
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: GatedMulParams;
@group(0) @binding(2) var<storage, read> gate_up: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.y;
  let i = gid.x;
  let num_rows = (step.num_prompt + select(0u, step.num_generated, params.with_generated == 1u)) * params.rows_each;
  if (i < params.num_words && r < num_rows) {
    let gate = gate_up[r * 2u * params.num_words + i];
    let up = gate_up[(r * 2u + 1u) * params.num_words + i];
    out[r * params.num_words + i] = activated4(gate, up);
  }
}
