// Multi-head latent attention (https://arxiv.org/abs/2405.04434) as attention of many query heads on one key-value head: a row of
// q|k|v from queries that were taken into the space of latents, and from the latent itself, which is key and value. A head is
// what is rotated, then what is not. A thread four elements.
struct LatentParams {
  num_heads: u32,
  rope_words: u32,   // of what is rotated, in fours
  latent_words: u32,
  plain_words: u32,  // of what is not rotated of a query, before it was taken into the space of latents
  kv_words: u32,     // of a row of `kv`
  out_words: u32,    // of a row of `out`
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: LatentParams;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;        // [row][head][plain, rotated]
@group(0) @binding(3) var<storage, read> absorbed: array<vec4<f32>>; // [row][head][latent]
@group(0) @binding(4) var<storage, read> kv: array<vec4<f32>>;       // [row][latent, rotated]
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>; // [row][heads, key, value][rotated, latent]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  let head_words = params.rope_words + params.latent_words;
  if (gid.x < (params.num_heads + 2u) * head_words && row < step.num_prompt + step.num_generated) {
    let head = gid.x / head_words;
    let i = gid.x % head_words;
    let is_rotated = i < params.rope_words;
    let at = row * params.out_words + gid.x;
    if (head >= params.num_heads) {
      out[at] = kv[row * params.kv_words + select(i - params.rope_words, params.latent_words + i, is_rotated)];
    } else if (is_rotated) {
      let pitch = params.plain_words + params.rope_words;
      out[at] = q[(row * params.num_heads + head) * pitch + params.plain_words + i];
    } else {
      out[at] = absorbed[(row * params.num_heads + head) * params.latent_words + i - params.rope_words];
    }
  }
}
