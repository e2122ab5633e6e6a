// First kernel of the sampler, for batches in which some row has a bias, a penalty or a mask: writes the adjusted logits
// beside the raw ones and finds per group of 64 what sample_groups finds, for both. A thread a group, no barriers; each
// logit is adjusted by the thread that also looks for the largest. Grid: (chunks of the segment, rows); a dispatch a segment.

override SEGMENT: u32;

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> logits: array<u32>; // [num_rows, SEGMENT_LENGTH], bits of f32
@group(0) @binding(2) var<storage, read_write> groups: array<Group>; // [num_rows, NUM_SEGMENTS * groups_per_segment]
@group(0) @binding(3) var<storage, read> counts: array<u32>; // [num_slots, SEGMENT_LENGTH]: PROMPT_BIT | times generated
@group(0) @binding(4) var<storage, read> bias: array<vec2<u32>>; // [entries]: id, bits of f32
@group(0) @binding(5) var<storage, read> mask: array<u32>; // [rows with a mask, ceil(VOCAB_SIZE / 32)]: 1 = allowed
@group(0) @binding(6) var<storage, read_write> adjusted: array<u32>; // [num_rows, SEGMENT_LENGTH], bits of f32

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  let base = row * SEGMENT_LENGTH;
  let params = rows[row];
  let first = first_logit(gid.x);
  let num_steps = steps_of(gid.x);
  var found = Group(NO_CANDIDATE, 0.0, NO_CANDIDATE, 0u);
  for (var step = 0u; step < num_steps; step++) {
    let at = first + step * CHUNK_GROUPS;
    let bits = logits[base + at];
    adjusted[base + at] = adjust(params, row, at, bits, 0.0);
    found.raw_key = max(found.raw_key, key_of_logit(bits, SEGMENT * SEGMENT_LENGTH + at));
    found.status |= select(0u, STATUS_NAN, is_nan(bits) && SEGMENT * SEGMENT_LENGTH + at < VOCAB_SIZE);
  }
  apply_bias(params, row, gid.x);
  let largest = value_of(found.raw_key);
  for (var step = 0u; step < num_steps; step++) {
    let at = first + step * CHUNK_GROUPS;
    found.key = max(found.key, key_of_logit(adjusted[base + at], SEGMENT * SEGMENT_LENGTH + at));
    let raw = key_of_logit(logits[base + at], SEGMENT * SEGMENT_LENGTH + at);
    if ((params.flags & FLAG_LOGPROBS) != 0u && raw != NO_CANDIDATE) {
      found.raw_sum += exp(value_of(raw) - largest);
    }
  }
  groups[(row * NUM_SEGMENTS + SEGMENT) * groups_per_segment() + gid.x] = found;
}

// The few logits with a bias are adjusted once more, from the raw ones.
fn apply_bias(params: SampleRow, row: u32, group: u32) {
  let base = row * SEGMENT_LENGTH;
  for (var i = 0u; i < params.num_bias; i++) {
    let entry = bias[params.bias_offset + i];
    let at = entry.x - SEGMENT * SEGMENT_LENGTH; // wraps for ids before the segment
    let owner = at / CHUNK_LOGITS * CHUNK_GROUPS + at % CHUNK_GROUPS;
    if (at < SEGMENT_LENGTH && owner == group) {
      adjusted[base + at] = adjust(params, row, at, logits[base + at], bitcast<f32>(entry.y));
    }
  }
}

// Mask, bias, repetition penalty, then presence and frequency. What is no candidate stays none; a logit that nothing
// changes keeps its bits.
fn adjust(params: SampleRow, row: u32, at: u32, bits: u32, added: f32) -> u32 {
  let id = SEGMENT * SEGMENT_LENGTH + at;
  let key = key_of_bits(bits);
  if (key == NO_CANDIDATE || is_masked(params, id)) {
    return MINUS_INFINITY_BITS;
  }
  var count = 0u;
  if ((params.flags & FLAG_COUNTS) != 0u) {
    count = counts[params.slot * SEGMENT_LENGTH + at] + times_drafted(params, row, id);
  }
  if (count == 0u && added == 0.0) {
    return bits;
  }
  var value = value_of(key) + added;
  if (count != 0u && params.repetition_penalty != 1.0) {
    value = select(value * params.repetition_penalty, value / params.repetition_penalty, value > 0.0);
  }
  let generated = count & ~PROMPT_BIT;
  if (generated != 0u) {
    value -= params.presence_penalty + f32(generated) * params.frequency_penalty;
  }
  return bitcast<u32>(clamp(value, -1e30, 1e30));
}

// How often a token is among the drafts before the one that is picked. They are taken for right, as if generated: the pick
// of a row with a wrong one before it never counts.
fn times_drafted(params: SampleRow, row: u32, id: u32) -> u32 {
  var times = 0u;
  for (var back = 0u; back < params.num_drafts; back++) {
    times += select(0u, 1u, rows[row - back].draft == id);
  }
  return times;
}

fn is_masked(params: SampleRow, id: u32) -> bool {
  if (params.mask_offset == NONE) {
    return false;
  }
  return ((mask[params.mask_offset + id / 32u] >> (id % 32u)) & 1u) == 0u;
}
