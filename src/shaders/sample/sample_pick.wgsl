// Picks a token per row from the groups of sample_groups or sample_adjust: top-k, then top-p at the temperature, then
// min-p at the temperature, then an exponential race among the survivors. Greedy rows take the largest, the lower id
// first. A workgroup a row; the result depends neither on the other rows nor on WG_SIZE.

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> values0: array<u32>; // [num_rows, SEGMENT_LENGTH], bits of adjusted or raw logits
@group(0) @binding(2) var<storage, read> values1: array<u32>; // the second segment, or the first again
@group(0) @binding(3) var<storage, read> groups: array<Group>; // [num_rows, NUM_SEGMENTS * groups_per_segment]
@group(0) @binding(4) var<storage, read_write> records: array<u32>; // [num_rows, RECORD_WORDS]
@group(0) @binding(5) var<storage, read_write> tokens: array<u32>; // [any], at SampleRow.token_index

// Tokens less likely than 2^-29 of the most likely weigh nothing in the fixed point of top-p: 29 ln 2.
const NUCLEUS_RANGE = 20.1;

fn group_key(index: u32) -> u32 {
  return groups[index].key;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup.x;
  let params = rows[row];
  var largest = NO_CANDIDATE;
  var status = 0u;
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    let found = groups[row * num_groups() + g];
    largest = max(largest, found.key);
    status |= found.status; // one bit
  }
  let top_key = max_of_workgroup(lane, largest);
  status = max_of_workgroup(lane, status);
  row_max = value_of(top_key);
  row_inv_temperature = params.inv_temperature;

  var keep = Threshold(max(top_key, 1u), 0u);
  if ((params.flags & FLAG_GREEDY) == 0u) {
    keep = filtered(lane, row, params);
  }
  let picked = race(lane, row, params, keep);
  if (lane == 0u) {
    let base = row * RECORD_WORDS;
    for (var i = 0u; i < RECORD_WORDS; i++) {
      records[base + i] = 0u;
    }
    records[base + RECORD_ID] = picked;
    records[base + RECORD_STATUS] = status | select(0u, STATUS_NO_CANDIDATE, top_key == NO_CANDIDATE);
    records[base + RECORD_THRESHOLD_KEY] = keep.key;
    records[base + RECORD_THRESHOLD_REV] = keep.rev;
    if (params.token_index != NONE) {
      tokens[params.token_index] = picked;
    }
  }
}

fn filtered(lane: u32, row: u32, params: SampleRow) -> Threshold {
  var keep = Threshold(1u, 0u);
  // One call of `narrow` for all three: it is inlined, and compile time follows the size.
  for (var mode = BY_GROUP; mode <= BY_WEIGHT; mode++) {
    if (mode == BY_WEIGHT) {
      if (params.top_p < 1.0) {
        keep = raised(keep, row_max - NUCLEUS_RANGE / params.inv_temperature);
      } else {
        break;
      }
    } else if (params.top_k == 0u || params.top_k >= VOCAB_SIZE) {
      continue;
    }
    keep = narrow(lane, row, mode, keep, params.top_k, params.top_p);
  }
  return raised(keep, row_max + params.min_p_offset);
}

// The stricter of a threshold and a smallest value.
fn raised(keep: Threshold, smallest: f32) -> Threshold {
  let key = key_of(smallest);
  if (key > keep.key) {
    return Threshold(key, 0u);
  }
  return keep;
}

// The survivor with the largest x / T + Gumbel noise; each token's noise is keyed by (seed, position, token). Ties go to
// the lower id. 0 when nobody survives.
fn race(lane: u32, row: u32, params: SampleRow, keep: Threshold) -> u32 {
  let greedy = (params.flags & FLAG_GREEDY) != 0u;
  var best = -3e38;
  var best_rev = 0u;
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    if (group_key(row * num_groups() + g) >= keep.key) {
      let place = place_of(row, g);
      let steps = num_steps(g);
      for (var step = 0u; step < steps; step++) {
        let key = key_at(place, step);
        let id = place.id + step * CHUNK_GROUPS;
        if (survives(key, ID_LIMIT - id, keep)) {
          var score = 0.0; // greedy: the survivors are the largest
          if (!greedy) {
            score = (value_of(key) - row_max) * params.inv_temperature;
            if (score + MAX_GUMBEL >= best) {
              score += gumbel(philox(vec4<u32>(id, params.position, 0u, 0u), vec2<u32>(params.seed, 0u)).x);
            }
          }
          if (score > best || (score == best && ID_LIMIT - id > best_rev)) {
            best = score;
            best_rev = ID_LIMIT - id;
          }
        }
      }
    }
  }
  let best_key = max_of_workgroup(lane, select(0u, key_of(best), best_rev != 0u));
  let rev = max_of_workgroup(lane, select(0u, best_rev, best_rev != 0u && key_of(best) == best_key));
  return select(0u, ID_LIMIT - rev, rev != 0u);
}
