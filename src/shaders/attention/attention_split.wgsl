// Attention of single rows over a paged cache, split along the keys in chunks of constant length: one workgroup of 32
// for a (row, kv head, chunk) serves a group of query heads, so that every key and value is read once for all of them.
// Writes the unnormalised output and (max, sum) of each chunk; attention_reduce puts them together.
override GROUP: u32 = 1u;       // query heads a workgroup serves
override HEAD_DIM: u32 = 64u;
override CHUNK: u32 = 128u;     // keys, a multiple of the block
override Q_WORDS: u32 = 16u;    // GROUP * HEAD_DIM / 4
override NUM_SCORES: u32 = 128u; // GROUP * CHUNK

struct AttentionParams {
  num_heads: u32,
  num_kv_heads: u32,
  groups_per_kv: u32, // workgroups that share a kv head: heads per kv head / GROUP
  block_tokens: u32,
  first_block: u32,   // of the cache shard
  num_blocks: u32,
  max_chunks: u32,
  q_stride: u32,      // floats
  all_rows: u32,      // 1: prompt rows too; 0: generated rows
  scale: f32,
  window: u32,        // keys a row may see, its own among them
  softcap: f32,       // 0: none
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: AttentionParams;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k_pool: array<KvQuad>;
@group(0) @binding(4) var<storage, read> v_pool: array<KvQuad>;
@group(0) @binding(5) var<storage, read> rows: array<Row>;
@group(0) @binding(6) var<storage, read> block_tables: array<u32>;
@group(0) @binding(7) var<storage, read_write> part_out: array<vec4<f32>>; // [row of the grid][head][chunk][HEAD_DIM / 4]
@group(0) @binding(8) var<storage, read_write> part_stats: array<vec2<f32>>; // [row of the grid][head][chunk] of (max, sum)

var<workgroup> qs: array<vec4<f32>, Q_WORDS>;
var<workgroup> scores: array<f32, NUM_SCORES>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = wid.z + select(step.num_prompt, 0u, params.all_rows == 1u);
  let first_head = wid.y * GROUP;
  let kv_head = wid.y / params.groups_per_kv;
  let info = rows[row];
  let num_keys = info.position + 1u;
  let start = wid.x * CHUNK;
  let first_key = first_visible(info.position, params.window);
  let table = info.sequence * step.table_stride + start / params.block_tokens;
  // With several shards a chunk is one block; without, every block is in the only shard.
  let block0 = block_tables[table];
  if (start < num_keys && start + CHUNK > first_key && block0 >= params.first_block && block0 - params.first_block < params.num_blocks) {
    let from_key = max(first_key, start) - start;
    let count = min(num_keys - start, CHUNK);
    let words = HEAD_DIM >> 2u;
    for (var i = lane; i < Q_WORDS; i += 32u) {
      qs[i] = q[row * (params.q_stride >> 2u) + first_head * words + i];
    }
    workgroupBarrier();
    for (var key = from_key + lane; key < count; key += 32u) {
      let block = block_tables[table + key / params.block_tokens] - params.first_block;
      let at = kv_slot(block * params.num_kv_heads + kv_head, key % params.block_tokens, params.block_tokens, words);
      for (var h = 0u; h < GROUP; h++) {
        var dot4 = vec4<f32>();
        for (var i = 0u; i < words; i++) {
          dot4 = fma(qs[h * words + i], key_quad(at, i), dot4);
        }
        scores[h * CHUNK + key] = capped(((dot4.x + dot4.y) + (dot4.z + dot4.w)) * params.scale, params.softcap);
      }
    }
    workgroupBarrier();
    // A lane a head: maximum, then exponentials and their sum in the order of the keys.
    for (var h = lane; h < GROUP; h += 32u) {
      var top = scores[h * CHUNK + from_key];
      for (var key = from_key + 1u; key < count; key++) {
        top = max(top, scores[h * CHUNK + key]);
      }
      var sum = 0.0;
      for (var key = from_key; key < count; key++) {
        let p = exp(scores[h * CHUNK + key] - top);
        scores[h * CHUNK + key] = p;
        sum += p;
      }
      part_stats[(wid.z * params.num_heads + first_head + h) * params.max_chunks + wid.x] = vec2<f32>(top, sum);
    }
    workgroupBarrier();
    for (var j = lane; j < Q_WORDS; j += 32u) {
      let h = j / words;
      let d = j % words;
      var acc = vec4<f32>();
      for (var key = from_key; key < count; key++) {
        let block = block_tables[table + key / params.block_tokens] - params.first_block;
        let at = kv_slot(block * params.num_kv_heads + kv_head, key % params.block_tokens, params.block_tokens, words);
        acc = fma(vec4<f32>(scores[h * CHUNK + key]), value_quad(at, d), acc);
      }
      part_out[((wid.z * params.num_heads + first_head + h) * params.max_chunks + wid.x) * words + d] = acc;
    }
  }
}
