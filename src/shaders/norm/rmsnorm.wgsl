// Root mean square norm, 32 lanes a row: out[r] = x[row(r)] / sqrt(mean(x^2) + eps) * weight. Four partial sums a lane,
// then the fixed tree of 32 taken by every lane from shared memory, so that one barrier is enough.
struct NormParams {
  num_words: u32,   // padded row length / 4
  num_elements: u32,
  head_rows: u32,   // 1: only the rows that want logits, through row_index
  eps: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: NormParams;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> row_index: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

var<workgroup> partial: array<f32, 32>;

fn tree8(at: u32) -> f32 {
  return ((partial[at] + partial[at + 1u]) + (partial[at + 2u] + partial[at + 3u])) +
    ((partial[at + 4u] + partial[at + 5u]) + (partial[at + 6u] + partial[at + 7u]));
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let r = wid.x;
  var source = r;
  if (params.head_rows == 1u) {
    source = row_index[r];
  }
  let from_word = source * params.num_words;
  var sum = vec4<f32>();
  for (var i = lane; i < params.num_words; i += 32u) {
    let v = x[from_word + i];
    sum = fma(v, v, sum);
  }
  partial[lane] = (sum.x + sum.y) + (sum.z + sum.w);
  workgroupBarrier();
  let total = (tree8(0u) + tree8(8u)) + (tree8(16u) + tree8(24u));
  let scale = 1.0 / sqrt(total / f32(params.num_elements) + params.eps);
  for (var i = lane; i < params.num_words; i += 32u) {
    out[r * params.num_words + i] = x[from_word + i] * scale * weight[i];
  }
}
