// AltUp's coefficients of a row (https://arxiv.org/abs/2301.13310): the row is RMS normed, divided by its length and multiplied
// with four router rows; of the hyperbolic tangents of these, `out` is a linear map. 32 lanes a row.
struct CoefficientParams {
  num_words: u32,    // padded row length / 4
  num_elements: u32,
  num_out: u32,      // at most 32
  out_stride: u32,   // floats
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: CoefficientParams;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>; // of the norm
@group(0) @binding(3) var<storage, read> router: array<vec4<f32>>; // [4][num_elements]
@group(0) @binding(4) var<storage, read> map: array<vec4<f32>>;    // [num_out][4]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let from_word = wid.x * params.num_words;
  let words = params.num_elements >> 2u;
  var squares = vec4<f32>();
  var dots = array<vec4<f32>, 4>();
  for (var i = lane; i < words; i += 32u) {
    let v = x[from_word + i];
    squares = fma(v, v, squares);
    let weighted = v * weight[i];
    for (var stream = 0u; stream < 4u; stream++) {
      dots[stream] = fma(weighted, router[stream * words + i], dots[stream]);
    }
  }
  let n = f32(params.num_elements);
  let scale = 1.0 / (sqrt(sum32(lane, squares) / n + params.eps) * n);
  var modal = vec4<f32>();
  for (var stream = 0u; stream < 4u; stream++) {
    workgroupBarrier(); // every lane has read the sums
    modal[stream] = tanh(clamp(sum32(lane, dots[stream]) * scale, -15.0, 15.0));
  }
  if (lane < params.num_out) {
    out[wid.x * params.out_stride + lane] = dot(map[lane], modal);
  }
}
