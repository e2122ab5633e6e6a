// Log-probabilities of the raw distribution (temperature 1, before bias and penalties): of the token that sample_pick
// left in the record, and of the num_top most likely ones, ties by lower id. Only dispatched when some row wants them.
// A workgroup a row. The sum runs in a fixed order: groups by stride, then a tree of two levels.

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> values0: array<u32>; // [num_rows, SEGMENT_LENGTH], bits of raw logits
@group(0) @binding(2) var<storage, read> values1: array<u32>; // the second segment, or the first again
@group(0) @binding(3) var<storage, read> groups: array<Group>; // [num_rows, NUM_SEGMENTS * groups_per_segment]
@group(0) @binding(4) var<storage, read_write> records: array<u32>; // [num_rows, RECORD_WORDS]

var<workgroup> partial_sums: array<f32, WG_SIZE>;
var<workgroup> column_sums: array<f32, 16>;
var<workgroup> top: array<vec2<u32>, MAX_TOP>; // key, reversed id
var<workgroup> num_found: atomic<u32>;

fn group_key(index: u32) -> u32 {
  return groups[index].raw_key;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup.x;
  let params = rows[row];
  if ((params.flags & FLAG_LOGPROBS) != 0u) {
    let log_sum = log_sum_of_row(lane, row);
    let base = row * RECORD_WORDS;
    if (lane == 0u) {
      records[base + RECORD_LOGPROB] = bitcast<u32>(logprob(key_of_id(row, records[base + RECORD_ID]), log_sum));
    }
    let want = min(params.num_top, MAX_TOP);
    var keep = Threshold(1u, 0u);
    // The bound is not a constant, so that no compiler unrolls it into two copies of `narrow`.
    let end = select(0u, BY_COUNT + 1u, want > 0u);
    for (var mode = BY_GROUP; mode < end; mode++) {
      keep = narrow(lane, row, mode, keep, want, 0.0);
    }
    if (want > 0u) {
      let found = collect(lane, row, keep);
      write_top(lane, base, found, log_sum);
    }
  }
}

// The logarithm of the sum of exp(logit - row_max); sets row_max.
fn log_sum_of_row(lane: u32, row: u32) -> f32 {
  var largest = NO_CANDIDATE;
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    largest = max(largest, group_key(row * num_groups() + g));
  }
  row_max = value_of(max_of_workgroup(lane, largest));
  var sum = 0.0;
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    let found = groups[row * num_groups() + g];
    if (found.raw_key != NO_CANDIDATE) {
      sum = fma(found.raw_sum, exp(value_of(found.raw_key) - row_max), sum);
    }
  }
  // Sixteen sums of every sixteenth, then their sum: two barriers, whatever the width.
  partial_sums[lane] = sum;
  workgroupBarrier();
  for (var i = lane; i < 16u; i += WG_SIZE) {
    var column = 0.0;
    for (var k = i; k < WG_SIZE; k += 16u) {
      column += partial_sums[k];
    }
    column_sums[i] = column;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < 16u; i++) {
    total += column_sums[i];
  }
  return log(max(total, 1.0));
}

fn logprob(key: u32, log_sum: f32) -> f32 {
  return select(value_of(key) - row_max - log_sum, -1e30, key == NO_CANDIDATE);
}

fn key_of_id(row: u32, id: u32) -> u32 {
  let segment = id / SEGMENT_LENGTH;
  return key_at(Place(segment, row * SEGMENT_LENGTH + id % SEGMENT_LENGTH, id), 0u);
}

// The survivors, at most MAX_TOP, in any order.
fn collect(lane: u32, row: u32, keep: Threshold) -> u32 {
  if (lane == 0u) {
    atomicStore(&num_found, 0u);
  }
  workgroupBarrier();
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    if (group_key(row * num_groups() + g) >= keep.key) {
      let place = place_of(row, g);
      let steps = num_steps(g);
      for (var step = 0u; step < steps; step++) {
        let key = key_at(place, step);
        let rev = ID_LIMIT - (place.id + step * CHUNK_GROUPS);
        if (survives(key, rev, keep)) {
          let at = atomicAdd(&num_found, 1u);
          if (at < MAX_TOP) {
            top[at] = vec2<u32>(key, rev);
          }
        }
      }
    }
  }
  workgroupBarrier();
  return min(atomicLoad(&num_found), MAX_TOP);
}

// Each is ranked by itself, so the order in which they came does not matter.
fn write_top(lane: u32, base: u32, found: u32, log_sum: f32) {
  for (var own = lane; own < found; own += WG_SIZE) {
    let mine = top[own];
    var rank = 0u;
    for (var i = 0u; i < found; i++) {
      if (top[i].x > mine.x || (top[i].x == mine.x && top[i].y > mine.y)) {
        rank++;
      }
    }
    records[base + RECORD_TOP_IDS + rank] = ID_LIMIT - mine.y;
    records[base + RECORD_TOP_LOGPROBS + rank] = bitcast<u32>(logprob(mine.x, log_sum));
  }
  if (lane == 0u) {
    records[base + RECORD_NUM_TOP] = found;
  }
}
