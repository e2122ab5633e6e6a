// Reads keys and values that lie as [page][slot][head_dim], four elements a unit. A page: a block of one kv head.
alias KvSlot = u32;

fn kv_slot(page: u32, slot: u32, block_tokens: u32, head_words: u32) -> KvSlot {
  return (page * block_tokens + slot) * head_words;
}

// Elements 4 * i .. of the key in a slot.
fn key_quad(at: KvSlot, i: u32) -> vec4<f32> {
  return unpack_kv(k_pool[at + i]);
}

fn value_quad(at: KvSlot, i: u32) -> vec4<f32> {
  return unpack_kv(v_pool[at + i]);
}
