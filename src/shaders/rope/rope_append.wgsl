// Rotates queries and keys and appends keys and values to the cache: a thread two adjacent elements of a row of q|k|v.
// The cache lies as [block][kv head][slot in block][head_dim]; a dispatch writes the blocks of one shard.
@group(0) @binding(6) var<storage, read_write> k_pool: array<KvPair>;
@group(0) @binding(7) var<storage, read_write> v_pool: array<KvPair>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.y;
  let pairs_per_head = params.head_dim >> 1u;
  let head = gid.x / pairs_per_head;
  let pair = gid.x % pairs_per_head;
  let base = r * params.qkv_stride + head * params.head_dim;
  if (head < params.num_heads) {
    if (params.write_q == 1u) {
      q_out[(r * params.q_stride + head * params.head_dim) / 2u + pair] = rotated(base, pair * 2u, r) * query_scale(r);
    }
  } else if (head < params.num_heads + 2u * params.num_kv_heads) {
    let slot = rows[r].slot;
    let block = slot / params.block_tokens;
    if (block >= params.first_block && block - params.first_block < params.num_blocks) {
      let kv = (head - params.num_heads) % params.num_kv_heads;
      let at = (((block - params.first_block) * params.num_kv_heads + kv) * params.block_tokens
        + slot % params.block_tokens) * pairs_per_head + pair;
      if (head < params.num_heads + params.num_kv_heads) {
        k_pool[at] = pack_kv(rotated(base, pair * 2u, r));
      } else {
        v_pool[at] = pack_kv(vec2<f32>(qkv[base + pair * 2u], qkv[base + pair * 2u + 1u]));
      }
    }
  }
}
