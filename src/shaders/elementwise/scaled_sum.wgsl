// x = (x + y) * scale * factor[0], in place; without the addend or the factor where there is none. A thread four elements.
struct ScaledSumParams {
  num_words: u32,  // of a row, in fours
  scale: f32,
  has_addend: u32,
  has_factor: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: ScaledSumParams;
@group(0) @binding(2) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let at = gid.y * params.num_words + gid.x;
    var v = x[at];
    if (params.has_addend == 1u) {
      v += y[at];
    }
    var scale = params.scale;
    if (params.has_factor == 1u) {
      scale *= factor[0];
    }
    x[at] = v * scale;
  }
}
