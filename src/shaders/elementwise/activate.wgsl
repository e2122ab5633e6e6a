// x = activation(x), in place. A thread four elements.
struct ActivateParams {
  num_words: u32, // of a row, in fours
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: ActivateParams;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let at = gid.y * params.num_words + gid.x;
    x[at] = activated4(x[at], vec4<f32>(1.0));
  }
}
