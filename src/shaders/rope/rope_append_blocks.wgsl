// Rotates, transforms (Walsh-Hadamard, so that no element is much larger than the others of its scale) and appends to a
// quantised cache: a thread two chunks of a head, whose scales share a word. Queries are transformed the same way. What a
// row appends depends on that row alone. Where it lies: lib/kv_read_blocks.wgsl.
@group(0) @binding(6) var<storage, read_write> k_pool: array<u32>;
@group(0) @binding(7) var<storage, read_write> v_pool: array<u32>;

// Chunk `chunk` of the head at `base`, transformed.
fn chunk_of(base: u32, chunk: u32, r: u32, is_value: bool) -> array<vec4<f32>, 8> {
  let num_parts = max(params.hadamard / (QUADS * 4u), 1u); // chunks of a block of the transform, a power of two
  let first = chunk & ~(num_parts - 1u);
  var x = array<vec4<f32>, 8>();
  for (var j = 0u; j < num_parts; j++) {
    let sign = hadamard_sign(chunk, j);
    for (var i = 0u; i < QUADS; i++) {
      let e = ((first + j) * QUADS + i) * 4u;
      var quad = vec4<f32>();
      if (is_value) {
        quad = vec4<f32>(qkv[base + e], qkv[base + e + 1u], qkv[base + e + 2u], qkv[base + e + 3u]);
      } else {
        quad = vec4<f32>(rotated(base, e, r), rotated(base, e + 2u, r));
      }
      x[i] = fma(vec4<f32>(sign), quad, x[i]);
    }
  }
  if (params.hadamard > 1u) {
    transform_chunk(&x);
  }
  for (var i = 0u; i < QUADS; i++) {
    x[i] = x[i] * params.scale;
  }
  return x;
}

// The element of the largest magnitude, the first of equals.
fn top_of(x: ptr<function, array<vec4<f32>, 8>>) -> f32 {
  var top = 0.0;
  for (var i = 0u; i < QUADS; i++) {
    let v = (*x)[i];
    top = select(top, v.x, abs(v.x) > abs(top));
    top = select(top, v.y, abs(v.y) > abs(top));
    top = select(top, v.z, abs(v.z) > abs(top));
    top = select(top, v.w, abs(v.w) > abs(top));
  }
  return top;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.y;
  let head_words = params.head_dim >> 2u;
  let num_chunks = head_words / QUADS;
  let pairs_per_head = (num_chunks + 1u) >> 1u;
  let head = gid.x / pairs_per_head;
  let pair = gid.x % pairs_per_head;
  let first_value = params.num_heads + params.num_kv_heads;
  if (head >= first_value + params.num_kv_heads) {
    return;
  }
  let count = min(2u, num_chunks - pair * 2u);
  var quants = array<u32, 16>();
  var scales = 0u;
  for (var c = 0u; c < count; c++) {
    let chunk = pair * 2u + c;
    var x = chunk_of(r * params.qkv_stride + head * params.head_dim, chunk, r, head >= first_value);
    if (head < params.num_heads) {
      if (params.write_q == 1u) {
        let at = (r * params.q_stride + head * params.head_dim) / 2u + chunk * QUADS * 2u;
        for (var i = 0u; i < QUADS; i++) {
          q_out[at + 2u * i] = x[i].xy * query_scale(r);
          q_out[at + 2u * i + 1u] = x[i].zw * query_scale(r);
        }
      }
    } else {
      let scale = scale_of(top_of(&x));
      let inverse = select(1.0 / scale, 0.0, scale == 0.0);
      scales = scales | (f32_to_half(scale) << (16u * c));
      for (var i = 0u; i < QUADS; i++) {
        let quad = c * QUADS + i;
        let bytes = quantised(x[i], inverse) << vec4<u32>(0u, 8u, 16u, 24u);
        let word = (bytes.x | bytes.y) | (bytes.z | bytes.w);
        quants[quad / QUADS_A_WORD] |= word << ((quad % QUADS_A_WORD) * 4u);
      }
    }
  }
  if (head < params.num_heads) {
    return;
  }
  let slot = rows[r].slot;
  let block = slot / params.block_tokens;
  if (block < params.first_block || block - params.first_block >= params.num_blocks) {
    return;
  }
  let page = (block - params.first_block) * params.num_kv_heads + (head - params.num_heads) % params.num_kv_heads;
  let quant_words = (head_words + QUADS_A_WORD - 1u) / QUADS_A_WORD;
  let start = page * params.block_tokens * (quant_words + pairs_per_head);
  let in_page = slot % params.block_tokens;
  let quants_at = start + in_page * quant_words + pair * 2u * QUADS / QUADS_A_WORD;
  let scales_at = start + params.block_tokens * quant_words + in_page * pairs_per_head + pair;
  let num_words = (count * QUADS + QUADS_A_WORD - 1u) / QUADS_A_WORD;
  if (head >= first_value) {
    for (var i = 0u; i < num_words; i++) {
      v_pool[quants_at + i] = quants[i];
    }
    v_pool[scales_at] = scales;
  } else {
    for (var i = 0u; i < num_words; i++) {
      k_pool[quants_at + i] = quants[i];
    }
    k_pool[scales_at] = scales;
  }
}
