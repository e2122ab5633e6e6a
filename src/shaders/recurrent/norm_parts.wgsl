// Norms of parts of rows in place, 32 lanes a part: root mean square, or the length (plus epsilon under the root, or at least
// epsilon). Then times a weight, and times silu of a gate, where there are these. Sums as in rmsnorm.wgsl.
struct NormPartsParams {
  kind: u32,          // 0: root mean square; 1: length, epsilon added; 2: length, at least epsilon
  part_words: u32,    // in fours, as all words here
  x_stride: u32,      // words of a row
  x_offset: u32,      // where in a row the parts begin
  weight_stride: u32, // words from the weights of a part to those of the next; 0: all have the same
  has_weight: u32,
  has_gate: u32,
  gate_stride: u32,
  gate_offset: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: NormPartsParams;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gate: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4<f32>>;

fn scale_of(sum: f32) -> f32 {
  if (params.kind == 0u) {
    return 1.0 / sqrt(sum / f32(params.part_words * 4u) + params.eps);
  }
  if (params.kind == 1u) {
    return 1.0 / sqrt(sum + params.eps);
  }
  return 1.0 / max(sqrt(sum), params.eps);
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = wid.x * params.part_words;
  let at = wid.y * params.x_stride + params.x_offset + first;
  var sum = vec4<f32>();
  for (var i = lane; i < params.part_words; i += 32u) {
    let v = x[at + i];
    sum = fma(v, v, sum);
  }
  let scale = scale_of(sum32(lane, sum));
  for (var i = lane; i < params.part_words; i += 32u) {
    var v = x[at + i] * scale;
    if (params.has_weight == 1u) {
      v *= weight[wid.x * params.weight_stride + i];
    }
    if (params.has_gate == 1u) {
      v = activated4(gate[wid.y * params.gate_stride + params.gate_offset + first + i], v);
    }
    x[at + i] = v;
  }
}
