// Reads quantised keys and values. A page (a block of one kv head) is the quants of its slots, then their scales, whole
// words a slot each; as many elements share a scale as the largest power of two that divides head_dim says, at most 32.
// A scale has 11 bits and a quant at most 8: their product is exact in f32, so that no contraction can change it.
alias KvQuad = u32;

struct KvSlot {
  quants: u32,
  scales: u32,
  shift: u32, // quads to scales
}

fn kv_slot(page: u32, slot: u32, block_tokens: u32, head_words: u32) -> KvSlot {
  let shift = min(3u, countTrailingZeros(head_words));
  let scale_words = ((head_words >> shift) + 1u) >> 1u;
  let quant_words = (head_words + QUADS_A_WORD - 1u) / QUADS_A_WORD;
  let start = page * block_tokens * (quant_words + scale_words);
  return KvSlot(
    start + slot * quant_words,
    start + block_tokens * quant_words + slot * scale_words,
    shift);
}

// Elements 4 * i .. of the key in a slot.
fn key_quad(at: KvSlot, i: u32) -> vec4<f32> {
  let s = i >> at.shift;
  return half_of(k_pool[at.scales + (s >> 1u)], s) * quants_of(k_pool[at.quants + i / QUADS_A_WORD], i);
}

fn value_quad(at: KvSlot, i: u32) -> vec4<f32> {
  let s = i >> at.shift;
  return half_of(v_pool[at.scales + (s >> 1u)], s) * quants_of(v_pool[at.quants + i / QUADS_A_WORD], i);
}
