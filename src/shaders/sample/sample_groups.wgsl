// First kernel of the sampler, for batches in which no row has a bias, a penalty or a mask: per group of 64 logits the
// largest, and the sum of exponentials for rows that report log-probabilities. A thread a group, no barriers.
// Grid: (chunks of the segment, rows). One dispatch a segment.

override SEGMENT: u32;

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> logits: array<vec4<u32>>; // [num_rows, SEGMENT_LENGTH / 4], bits of f32
@group(0) @binding(2) var<storage, read_write> groups: array<Group>; // [num_rows, NUM_SEGMENTS * groups_per_segment]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  let base = row * (SEGMENT_LENGTH / 4u);
  var found = Group(NO_CANDIDATE, 0.0, NO_CANDIDATE, 0u);
  for (var step = 0u; step < GROUP_STEPS; step++) {
    let first = first_logit(gid.x, step);
    if (first < SEGMENT_LENGTH) {
      let bits = logits[base + first / 4u];
      let keys = keys_of_four(bits, SEGMENT * SEGMENT_LENGTH + first);
      found.raw_key = max(max(max(keys.x, keys.y), max(keys.z, keys.w)), found.raw_key);
      for (var c = 0u; c < 4u; c++) {
        if (is_nan(bits[c]) && SEGMENT * SEGMENT_LENGTH + first + c < VOCAB_SIZE) {
          found.status = STATUS_NAN;
        }
      }
    }
  }
  if ((rows[row].flags & FLAG_LOGPROBS) != 0u) {
    found.raw_sum = sum_of_exponentials(base, gid.x, value_of(found.raw_key));
  }
  found.key = found.raw_key;
  let segment_groups = groups_per_segment();
  groups[(row * NUM_SEGMENTS + SEGMENT) * segment_groups + gid.x] = found;
}

fn sum_of_exponentials(base: u32, group: u32, largest: f32) -> f32 {
  var sum = 0.0;
  for (var step = 0u; step < GROUP_STEPS; step++) {
    let first = first_logit(group, step);
    if (first < SEGMENT_LENGTH) {
      let keys = keys_of_four(logits[base + first / 4u], SEGMENT * SEGMENT_LENGTH + first);
      for (var c = 0u; c < 4u; c++) {
        if (keys[c] != NO_CANDIDATE) {
          sum += exp(value_of(keys[c]) - largest);
        }
      }
    }
  }
  return sum;
}
