// Attention of prompt rows, FlashAttention-2 style: a workgroup of 64 takes 16 rows of one sequence and one head, walks
// the keys in tiles at fixed positions with an online softmax in f32, and stops at the last key its rows may see (which
// visible_*.wgsl says).
// Four lanes share a row: each scores a quarter of the tile's keys and owns a quarter of the output's elements.
// A tile that a row may not see leaves its state bit for bit, so a row's result does not depend on its tile.
override HEAD_DIM: u32 = 64u;
override TILE_K: u32 = 16u;      // keys a tile
override KV_WORDS: u32 = 256u;   // TILE_K * HEAD_DIM / 4
override NUM_SCORES: u32 = 256u; // 16 * TILE_K
override OWN_WORDS: u32 = 4u;    // ceil(HEAD_DIM / 16)
const MAX_OWN_WORDS = 36u;       // heads of up to 576
const TILE_Q = 16u;
const LOWEST = -3.0e38;

struct FlashParams {
  num_kv_heads: u32,
  heads_per_kv: u32,
  block_tokens: u32,
  q_stride: u32,   // floats
  out_stride: u32, // floats
  scale: f32,
  head_words: u32, // head_dim / 4; read by attention_rows alone
  window: u32,     // keys a row may see, its own among them
  softcap: f32,    // 0: none
}

// Rows first .. first + count - 1 of the batch, of one sequence, at ascending positions.
struct Tile {
  first: u32,
  count: u32,
  sequence: u32,
  last_position: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: FlashParams;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k_pool: array<KvQuad>;
@group(0) @binding(4) var<storage, read> v_pool: array<KvQuad>;
@group(0) @binding(5) var<storage, read> rows: array<Row>;
@group(0) @binding(6) var<storage, read> block_tables: array<u32>;
@group(0) @binding(7) var<storage, read> tiles: array<Tile>;
@group(0) @binding(8) var<storage, read_write> out: array<vec4<f32>>;

var<workgroup> kv: array<vec4<f32>, KV_WORDS>;
var<workgroup> scores: array<f32, NUM_SCORES>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let tile = tiles[wid.x];
  let head = wid.y;
  let kv_head = head / params.heads_per_kv;
  let words = HEAD_DIM >> 2u;
  let local_row = tid >> 2u;
  let quarter = tid & 3u;
  let row = tile.first + min(local_row, tile.count - 1u);
  let position = rows[row].position;
  let q_at = row * (params.q_stride >> 2u) + head * words;
  var acc = array<vec4<f32>, MAX_OWN_WORDS>();
  var top = LOWEST;
  var sum = 0.0;
  let first_key = first_visible(position, params.window);
  let last_key = last_visible(rows[row], params.window);
  // Tiles lie at multiples of their length whatever the window, so that a row's sums do not depend on its neighbours.
  let first_tile = first_visible(rows[tile.first].position, params.window) / TILE_K * TILE_K;
  let last_of_tile = last_visible(rows[tile.first + tile.count - 1u], params.window);
  for (var start = first_tile; start <= last_of_tile; start += TILE_K) {
    for (var i = tid; i < KV_WORDS; i += 64u) {
      kv[i] = key_quad(cache_slot(tile.sequence, kv_head, min(start + i / words, last_of_tile)), i % words);
    }
    workgroupBarrier();
    for (var key = quarter; key < TILE_K; key += 4u) {
      var dot4 = vec4<f32>();
      for (var i = 0u; i < words; i++) {
        dot4 = fma(q[q_at + i], kv[key * words + i], dot4);
      }
      let score = capped(((dot4.x + dot4.y) + (dot4.z + dot4.w)) * params.scale, params.softcap);
      scores[local_row * TILE_K + key] = select(LOWEST, score, start + key <= last_key);
    }
    workgroupBarrier();
    for (var i = tid; i < KV_WORDS; i += 64u) {
      kv[i] = value_quad(cache_slot(tile.sequence, kv_head, min(start + i / words, last_of_tile)), i % words);
    }
    workgroupBarrier();
    if (start <= last_key && start + TILE_K > first_key) {
      let from_key = max(first_key, start) - start;
      let num_keys = min(last_key - start + 1u, TILE_K);
      var new_top = top;
      for (var key = from_key; key < num_keys; key++) {
        new_top = max(new_top, scores[local_row * TILE_K + key]);
      }
      let fade = select(exp(top - new_top), 0.0, start <= first_key);
      for (var i = 0u; i < OWN_WORDS; i++) {
        acc[i] = acc[i] * fade;
      }
      sum = sum * fade;
      for (var key = from_key; key < num_keys; key++) {
        let p = exp(scores[local_row * TILE_K + key] - new_top);
        sum += p;
        for (var i = 0u; i < OWN_WORDS; i++) {
          let word = min(quarter + i * 4u, words - 1u);
          acc[i] = fma(vec4<f32>(p), kv[key * words + word], acc[i]);
        }
      }
      top = new_top;
    }
    workgroupBarrier();
  }
  let end = with_sink(head, top, sum);
  if (local_row < tile.count) {
    for (var i = 0u; i < OWN_WORDS; i++) {
      let word = quarter + i * 4u;
      if (word < words) {
        out[row * (params.out_stride >> 2u) + head * words + word] = acc[i] * end.x / end.y;
      }
    }
  }
}

// Where the key and the value at `position` lie in the cache.
fn cache_slot(sequence: u32, kv_head: u32, position: u32) -> KvSlot {
  let block = block_tables[sequence * step.table_stride + position / params.block_tokens];
  let page = block * params.num_kv_heads + kv_head;
  return kv_slot(page, position % params.block_tokens, params.block_tokens, HEAD_DIM >> 2u);
}
