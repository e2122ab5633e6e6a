// One row for each text of an encoder: the mean of its rows, in their order, its first row, or its last. The rows of a text are
// neighbours from position 0 on, and the last of them is in row_index. A thread four elements.
struct PoolParams {
  num_words: u32, // of a row, in fours
  kind: u32,      // 0: mean; 1: first; 2: last
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: PoolParams;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> rows: array<Row>;
@group(0) @binding(4) var<storage, read> row_index: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < params.num_words && gid.y < step.num_prompt_logits) {
    let last = row_index[gid.y];
    let first = last - rows[last].position;
    var v = x[select(first, last, params.kind == 2u) * params.num_words + gid.x];
    if (params.kind == 0u) {
      for (var r = first + 1u; r <= last; r++) {
        v += x[r * params.num_words + gid.x];
      }
      v = v / f32(last - first + 1u);
    }
    out[gid.y * params.num_words + gid.x] = v;
  }
}
