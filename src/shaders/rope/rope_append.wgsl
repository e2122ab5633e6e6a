// Rotates queries and keys and appends keys and values to the cache: a thread two adjacent elements of a row of q|k|v.
// The cache lies as [block][kv head][slot in block][head_dim]; a dispatch writes the blocks of one shard.
struct RopeParams {
  num_heads: u32,
  num_kv_heads: u32,
  head_dim: u32,
  rot_dim: u32,
  qkv_stride: u32,    // floats
  q_stride: u32,      // floats
  block_tokens: u32,
  first_block: u32,   // of the shard
  num_blocks: u32,
  rotate_halves: u32, // 0: pairs (2i, 2i+1); 1: pairs (i, i + rot_dim/2)
  write_q: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: RopeParams;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> angles: array<vec2<f32>>; // [row][rot_dim / 2] of (cos, sin)
@group(0) @binding(4) var<storage, read> rows: array<Row>;
@group(0) @binding(5) var<storage, read_write> q_out: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> k_pool: array<KvPair>;
@group(0) @binding(7) var<storage, read_write> v_pool: array<KvPair>;

// Elements e and e + 1 of the head at `base`, rotated.
fn rotated(base: u32, e: u32, r: u32) -> vec2<f32> {
  let half_rot = params.rot_dim >> 1u;
  let here = vec2<f32>(qkv[base + e], qkv[base + e + 1u]);
  if (e >= params.rot_dim) {
    return here;
  }
  if (params.rotate_halves == 0u) {
    let a = angles[r * half_rot + (e >> 1u)];
    return vec2<f32>(fma(here.x, a.x, -(here.y * a.y)), fma(here.x, a.y, here.y * a.x));
  }
  let is_high = e >= half_rot;
  let other_at = select(e + half_rot, e - half_rot, is_high);
  let other = vec2<f32>(qkv[base + other_at], qkv[base + other_at + 1u]);
  let i = select(e, e - half_rot, is_high);
  let a = angles[r * half_rot + i];
  let b = angles[r * half_rot + i + 1u];
  let sign = select(-1.0, 1.0, is_high);
  return vec2<f32>(fma(here.x, a.x, sign * (other.x * a.y)), fma(here.y, b.x, sign * (other.y * b.y)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.y;
  let pairs_per_head = params.head_dim >> 1u;
  let head = gid.x / pairs_per_head;
  let pair = gid.x % pairs_per_head;
  let base = r * params.qkv_stride + head * params.head_dim;
  if (head < params.num_heads) {
    if (params.write_q == 1u) {
      q_out[(r * params.q_stride + head * params.head_dim) / 2u + pair] = rotated(base, pair * 2u, r);
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
