// First kernel of the sampler, for batches in which no row has a bias, a penalty or a mask: per group of 64 logits the
// largest, and the sum of exponentials for rows that report log-probabilities. A thread a group, no barriers.
// Grid: (chunks of the segment, rows). One dispatch a segment.

override SEGMENT: u32;

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> logits: array<u32>; // [num_rows, SEGMENT_LENGTH], bits of f32
@group(0) @binding(2) var<storage, read_write> groups: array<Group>; // [num_rows, NUM_SEGMENTS * groups_per_segment]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  let first = first_logit(gid.x);
  let base = row * SEGMENT_LENGTH + first;
  let num_steps = steps_of(gid.x);
  var found = Group(NO_CANDIDATE, 0.0, NO_CANDIDATE, 0u);
  for (var step = 0u; step < num_steps; step++) {
    let id = SEGMENT * SEGMENT_LENGTH + first + step * CHUNK_GROUPS;
    let bits = logits[base + step * CHUNK_GROUPS];
    found.raw_key = max(found.raw_key, key_of_logit(bits, id));
    found.status |= select(0u, STATUS_NAN, is_nan(bits) && id < VOCAB_SIZE);
  }
  found.key = found.raw_key;
  if ((rows[row].flags & FLAG_LOGPROBS) != 0u) {
    let largest = value_of(found.raw_key);
    for (var step = 0u; step < num_steps; step++) {
      let id = SEGMENT * SEGMENT_LENGTH + first + step * CHUNK_GROUPS;
      let key = key_of_logit(logits[base + step * CHUNK_GROUPS], id);
      if (key != NO_CANDIDATE) {
        found.raw_sum += exp(value_of(key) - largest);
      }
    }
  }
  groups[(row * NUM_SEGMENTS + SEGMENT) * groups_per_segment() + gid.x] = found;
}
