// x = sigmoid(gate) * x, in place. A thread four elements.
struct SigmoidMulParams {
  num_words: u32,   // of a row that are multiplied, in fours
  x_stride: u32,    // words of a row
  gate_stride: u32,
  gate_offset: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: SigmoidMulParams;
@group(0) @binding(2) var<storage, read> gate: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let e = exp(min(-gate[gid.y * params.gate_stride + params.gate_offset + gid.x], vec4<f32>(80.0)));
    let at = gid.y * params.x_stride + gid.x;
    x[at] = x[at] / (vec4<f32>(1.0) + e);
  }
}
