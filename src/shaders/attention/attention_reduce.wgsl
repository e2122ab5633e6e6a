// Puts the chunks of attention_split together, in the order of the keys. A thread four elements of a (row, head).
struct ReduceParams {
  num_heads: u32,
  head_words: u32,
  chunk: u32,
  max_chunks: u32,
  out_stride: u32, // floats
  all_rows: u32,
  window: u32, // keys a row may see, its own among them
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: ReduceParams;
@group(0) @binding(2) var<storage, read> part_out: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> part_stats: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> rows: array<Row>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y + select(step.num_prompt, 0u, params.all_rows == 1u);
  if (gid.x < params.num_heads * params.head_words) {
    let head = gid.x / params.head_words;
    let d = gid.x % params.head_words;
    let position = rows[row].position;
    let first_chunk = first_visible(position, params.window) / params.chunk;
    let num_chunks = position / params.chunk + 1u;
    let base = (gid.y * params.num_heads + head) * params.max_chunks;
    var top = part_stats[base + first_chunk].x;
    for (var c = first_chunk + 1u; c < num_chunks; c++) {
      top = max(top, part_stats[base + c].x);
    }
    var acc = vec4<f32>();
    var sum = 0.0;
    for (var c = first_chunk; c < num_chunks; c++) {
      let stats = part_stats[base + c];
      let weight = exp(stats.x - top);
      sum = fma(weight, stats.y, sum);
      acc = fma(vec4<f32>(weight), part_out[(base + c) * params.head_words + d], acc);
    }
    let end = with_sink(head, top, sum);
    out[row * (params.out_stride >> 2u) + gid.x] = acc * end.x / end.y;
  }
}
