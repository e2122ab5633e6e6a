// Between the two products of low rank: tanh of those of the decay, the sigmoid of those of the gate, in place. A thread four
// elements of one of them. tanh is taken by exp: the built-in one may be off by 1e-5.
struct WkvRanksParams {
  decay_words: u32,  // of a row that are meant, in fours, as all words here
  decay_stride: u32,
  gate_words: u32,
  gate_stride: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: WkvRanksParams;
@group(0) @binding(2) var<storage, read_write> decay: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> gate: array<vec4<f32>>;

fn tanh4(x: vec4<f32>) -> vec4<f32> {
  let e = exp(max(-2.0 * abs(x), vec4<f32>(-80.0)));
  return sign(x) * (vec4<f32>(1.0) - e) / (vec4<f32>(1.0) + e);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.y < step.num_prompt + step.num_generated) {
    if (gid.x < params.decay_words) {
      let at = gid.y * params.decay_stride + gid.x;
      decay[at] = tanh4(decay[at]);
    }
    if (gid.x < params.gate_words) {
      let at = gid.y * params.gate_stride + gid.x;
      gate[at] = sigmoid4(gate[at]);
    }
  }
}
