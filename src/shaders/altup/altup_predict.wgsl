// Every stream is predicted from all four: predicted[a] = streams[a] + sum_c k[a, c] streams[c]. The first is what the layer
// computes with. A thread four elements.
@group(0) @binding(2) var<storage, read> streams: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> predicted: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> active_out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let at = gid.y * params.num_words + gid.x;
    let k = gid.y * params.coefficient_stride;
    for (var a = 0u; a < 4u; a++) {
      var v = streams[a * params.stream_words + at];
      for (var c = 0u; c < 4u; c++) {
        v = fma(vec4<f32>(coefficients[k + a * 4u + c]), streams[c * params.stream_words + at], v);
      }
      predicted[a * params.stream_words + at] = v;
      if (a == 0u) {
        active_out[at] = v;
      }
    }
  }
}
