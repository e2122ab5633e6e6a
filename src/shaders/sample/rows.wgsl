// What every sampling kernel shares: the shape of the logits, the parameters of a row, groups, records.
// The logits of a row lie in one or two segments: [num_segments][num_rows][SEGMENT_LENGTH], a binding each.
// A group is the 64 logits that one thread of `sample_groups` reads: of a chunk of 4096, every 64th, so that neighbouring
// threads read neighbouring words. It knows nothing of filters. Layouts: layout.ts.

override VOCAB_SIZE: u32;
override SEGMENT_LENGTH: u32; // a multiple of 64
override NUM_SEGMENTS: u32; // 1 or 2

const GROUP_STEPS = 64u;
const CHUNK_GROUPS = 64u;
const CHUNK_LOGITS = 4096u;

const FLAG_GREEDY = 1u;
const FLAG_LOGPROBS = 2u;
const FLAG_COUNTS = 4u;
const STATUS_NAN = 1u;
const STATUS_NO_CANDIDATE = 2u;
const NONE = 0xffffffffu;

const PROMPT_BIT = 0x80000000u;

const RECORD_WORDS = 48u;
const RECORD_ID = 0u;
const RECORD_STATUS = 1u;
const RECORD_LOGPROB = 2u;
const RECORD_NUM_TOP = 3u;
const RECORD_TOP_IDS = 4u;
const RECORD_TOP_LOGPROBS = 24u;
const RECORD_THRESHOLD_KEY = 44u;
const RECORD_THRESHOLD_REV = 45u;
const MAX_TOP = 20u;

struct SampleRow {
  seed: u32,
  position: u32, // of the token that is picked
  slot: u32, // which sequence's counts
  token_index: u32, // where in `tokens` the id goes; NONE: nowhere
  flags: u32,
  top_k: u32, // 0: all
  num_top: u32, // alternatives to report, <= MAX_TOP
  bias_offset: u32, // into `bias`, in entries
  num_bias: u32,
  mask_offset: u32, // into `mask`, in words; NONE: no mask
  num_drafts: u32, // draft tokens that precede the picked one; `draft` of this row and of those before it, backwards
  draft: u32, // the last of them; nothing where there is none
  inv_temperature: f32,
  top_p: f32, // >= 1: all
  min_p_offset: f32, // temperature * ln(minP), <= 0
  repetition_penalty: f32,
  presence_penalty: f32,
  frequency_penalty: f32,
}

// What one group's thread found; the keys are those of logit_key.wgsl.
struct Group {
  raw_key: u32, // of the largest logit
  raw_sum: f32, // sum of exp(logit - largest)
  key: u32, // of the largest adjusted logit
  status: u32,
}

fn groups_per_segment() -> u32 {
  return (SEGMENT_LENGTH + CHUNK_LOGITS - 1u) / CHUNK_LOGITS * CHUNK_GROUPS;
}

// Logits of a group: fewer than 64 in the last chunk.
fn steps_of(group_in_segment: u32) -> u32 {
  let start = group_in_segment / CHUNK_GROUPS * CHUNK_LOGITS;
  return min(GROUP_STEPS, (SEGMENT_LENGTH - start) / CHUNK_GROUPS);
}

// Index in its segment of a group's first logit; the next ones follow at a distance of CHUNK_GROUPS.
fn first_logit(group_in_segment: u32) -> u32 {
  return group_in_segment / CHUNK_GROUPS * CHUNK_LOGITS + group_in_segment % CHUNK_GROUPS;
}

// The key of a logit by its bits; padding has none.
fn key_of_logit(bits: u32, id: u32) -> u32 {
  return select(NO_CANDIDATE, key_of_bits(bits), id < VOCAB_SIZE);
}
