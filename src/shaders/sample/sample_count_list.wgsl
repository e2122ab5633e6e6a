// Counts the tokens of a list for one sequence slot: prompt tokens are marked, generated ones counted. A thread an entry.
// One dispatch a segment; entries of the other segment are skipped.

override SEGMENT: u32;

struct TokenList {
  slot: u32,
  num_tokens: u32,
  tokens: array<u32>, // id, with PROMPT_BIT for a token of the prompt
}

@group(0) @binding(0) var<storage, read> list: TokenList;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>; // [num_slots, SEGMENT_LENGTH]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  if (gid.x < list.num_tokens) {
    let entry = list.tokens[gid.x];
    let id = entry & ~PROMPT_BIT;
    let at = id - SEGMENT * SEGMENT_LENGTH; // wraps for ids before the segment
    if (at < SEGMENT_LENGTH && id < VOCAB_SIZE) {
      let word = list.slot * SEGMENT_LENGTH + at;
      if ((entry & PROMPT_BIT) != 0u) {
        atomicOr(&counts[word], PROMPT_BIT);
      } else {
        atomicAdd(&counts[word], 1u);
      }
    }
  }
}
