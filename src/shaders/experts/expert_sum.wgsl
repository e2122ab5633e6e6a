// Puts the experts of a row together: out[row] (+)= sum over slots of weight * y[row, slot], then the shared expert with its
// weight. A thread four elements.
struct SumParams {
  num_words: u32,  // of a row, in fours
  num_used: u32,
  has_shared: u32,
  add_to_out: u32, // 1: add to what is there (residual)
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: SumParams;
@group(0) @binding(2) var<storage, read> y: array<vec4<f32>>;       // [row][num_used][num_words]
@group(0) @binding(3) var<storage, read> weights: array<f32>;       // [row][num_used + 1]
@group(0) @binding(4) var<storage, read> shared_y: array<vec4<f32>>; // [row][num_words]
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>; // [row][num_words]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  if (gid.x < params.num_words && row < step.num_prompt + step.num_generated) {
    let w = row * (params.num_used + 1u);
    var sum = vec4<f32>();
    for (var slot = 0u; slot < params.num_used; slot++) {
      sum = fma(vec4<f32>(weights[w + slot]), y[(row * params.num_used + slot) * params.num_words + gid.x], sum);
    }
    let at = row * params.num_words + gid.x;
    if (params.has_shared == 1u) {
      sum = fma(vec4<f32>(weights[w + params.num_used]), shared_y[at], sum);
    }
    if (params.add_to_out == 1u) {
      sum += out[at];
    }
    out[at] = sum;
  }
}
