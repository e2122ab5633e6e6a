// Attention of prompt rows on software adapters: a thread a (row, head), online softmax over the keys one by one, no
// shared memory and no barrier. A row's result does not depend on the rows beside it.
const MAX_WORDS = 144u; // heads of up to 576
const LOWEST = -3.0e38;

struct FlashParams {
  num_kv_heads: u32,
  heads_per_kv: u32,
  block_tokens: u32,
  q_stride: u32,   // floats
  out_stride: u32, // floats
  scale: f32,
  head_words: u32, // head_dim / 4; no override, so that compilers do not unroll: seconds on lavapipe
  window: u32,     // keys a row may see, its own among them
  softcap: f32,    // 0: none
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: FlashParams;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k_pool: array<KvQuad>;
@group(0) @binding(4) var<storage, read> v_pool: array<KvQuad>;
@group(0) @binding(5) var<storage, read> rows: array<Row>;
@group(0) @binding(6) var<storage, read> block_tables: array<u32>;
@group(0) @binding(7) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let row = min(wid.x * 64u + tid, step.num_prompt - 1u);
  let head = wid.y;
  let words = params.head_words;
  let kv_head = head / params.heads_per_kv;
  let info = rows[row];
  let q_at = row * (params.q_stride >> 2u) + head * words;
  let table = info.sequence * step.table_stride;
  var acc = array<vec4<f32>, MAX_WORDS>();
  var top = LOWEST;
  var sum = 0.0;
  let first_key = first_visible(info.position, params.window);
  let last_key = last_visible(info, params.window);
  for (var key = first_key; key <= last_key; key++) {
    let block = block_tables[table + key / params.block_tokens];
    let at = kv_slot(block * params.num_kv_heads + kv_head, key % params.block_tokens, params.block_tokens, words);
    var dot4 = vec4<f32>();
    for (var i = 0u; i < words; i++) {
      dot4 = fma(q[q_at + i], key_quad(at, i), dot4);
    }
    let score = capped(((dot4.x + dot4.y) + (dot4.z + dot4.w)) * params.scale, params.softcap);
    let new_top = max(top, score);
    let fade = select(exp(top - new_top), 0.0, key == first_key);
    let p = exp(score - new_top);
    sum = fma(sum, fade, p);
    for (var i = 0u; i < words; i++) {
      acc[i] = fma(vec4<f32>(p), value_quad(at, i), acc[i] * fade);
    }
    top = new_top;
  }
  let end = with_sink(head, top, sum);
  if (wid.x * 64u + tid < step.num_prompt) {
    for (var i = 0u; i < words; i++) {
      out[row * (params.out_stride >> 2u) + head * words + i] = acc[i] * end.x / end.y;
    }
  }
}
