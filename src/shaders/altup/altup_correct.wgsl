// What the layer changed of the first stream corrects all: streams[a] = predicted[a] + (active - predicted[0]) (k[a] + 1). Then the
// active rows become the first stream times `scale`. A thread four elements.
@group(0) @binding(2) var<storage, read> predicted: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> scale: array<vec4<f32>>; // of each element
@group(0) @binding(5) var<storage, read_write> streams: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> active_rows: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt + step.num_generated) {
    let at = gid.y * params.num_words + gid.x;
    let change = active_rows[at] - predicted[at];
    let k = gid.y * params.coefficient_stride;
    for (var a = 0u; a < 4u; a++) {
      let corrected = fma(change, vec4<f32>(coefficients[k + a] + 1.0), predicted[a * params.stream_words + at]);
      streams[a * params.stream_words + at] = corrected;
      if (a == 0u) {
        active_rows[at] = corrected * scale[gid.x];
      }
    }
  }
}
