// From the products of a row to what the recurrence takes, in place, 32 lanes a head: decay = exp(-sigmoid / sqrt(e)), the key's
// unit vector and that vector times the rate; the key grows or shrinks with the rate; the value is mixed with that of the first
// layer, which keeps it.
struct WkvInputsParams {
  num_words: u32,    // of the channels, in fours, as all words here
  head_words: u32,
  row_stride: u32,
  first_stride: u32,
  keeps_values: u32, // 1: it is the first layer
}

const ROOT_OF_1_BY_E = 0.6065306597126334;

@group(0) @binding(0) var<uniform> params: WkvInputsParams;
@group(0) @binding(1) var<storage, read> constants: array<vec4<f32>>;   // [2][channel]: k_k of the unit key, k_a of the key
@group(0) @binding(2) var<storage, read_write> rows: array<vec4<f32>>;  // [row][7][channel]
@group(0) @binding(3) var<storage, read_write> first: array<vec4<f32>>; // [row][channel] values of the first layer

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = wid.x * params.head_words;
  let at = wid.y * params.row_stride + head;
  let n = params.num_words;
  var squares = vec4<f32>();
  for (var i = lane; i < params.head_words; i += 32u) {
    let k = rows[at + KEY * n + i] * constants[head + i];
    squares = fma(k, k, squares);
  }
  let scale = 1.0 / max(sqrt(sum32(lane, squares)), 1e-12);
  for (var i = lane; i < params.head_words; i += 32u) {
    let key = rows[at + KEY * n + i];
    let unit = key * constants[head + i] * scale;
    let rate = sigmoid4(rows[at + RATE * n + i]);
    let value = rows[at + VALUE * n + i];
    let kept = wid.y * params.first_stride + head + i;
    if (params.keeps_values == 1u) {
      first[kept] = value;
    } else {
      rows[at + VALUE * n + i] = fma(first[kept] - value, sigmoid4(rows[at + RESIDUAL * n + i]), value);
    }
    rows[at + DECAY * n + i] = exp(-ROOT_OF_1_BY_E * sigmoid4(rows[at + DECAY * n + i]));
    rows[at + RATE * n + i] = unit * rate;
    rows[at + RESIDUAL * n + i] = unit;
    rows[at + KEY * n + i] = key * fma(rate - vec4<f32>(1.0), constants[n + head + i], vec4<f32>(1.0));
  }
}
