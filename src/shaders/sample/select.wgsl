// Radix select without a sort: the threshold above which the candidates of a row carry a wanted weight, digit by digit
// of 8 bits of (key, reversed id), with histograms in shared memory. All sums are of integers, so their order is free.
// The kernel that uses it declares values0, values1 (bits of the row's logits, a segment each), groups, and group_key.

override WG_SIZE: u32; // a power of two, at most 256

const BY_GROUP = 0u; // candidates are the groups' largest values
const BY_COUNT = 1u; // candidates weigh 1
const BY_WEIGHT = 2u; // candidates weigh exp((x - row_max) / T), in 28 bits
const LIMB = 14u; // a weight is high * 2^14 + low; the limbs of 2^18 candidates fit u32
const LAST_LEVEL = 6u; // four digits of the key, three of the reversed id
const ID_LIMIT = 0xffffffu;

// Candidates at or above it survive: the larger key, and among equal keys the larger reversed id, that is the lower id.
struct Threshold {
  key: u32,
  rev: u32, // ID_LIMIT - id
}

// What is known of the threshold: its leading digits, and the weight still wanted among those that share them.
struct Search {
  key: u32,
  key_mask: u32,
  rev: u32,
  rev_mask: u32,
  want: vec2<u32>, // high, low
  done: u32,
  all: u32, // 1: there was less than wanted, everything survives
}

var<workgroup> histogram_count: array<atomic<u32>, 256>;
var<workgroup> histogram_high: array<atomic<u32>, 256>;
var<workgroup> histogram_low: array<atomic<u32>, 256>;
var<workgroup> block_sums: array<vec2<u32>, 16>;
var<workgroup> search: Search;
var<workgroup> reduced: atomic<u32>;

var<private> row_max: f32;
var<private> row_inv_temperature: f32;
// A run of candidates of one digit is added to the histogram at once: most neighbours share it.
var<private> run: vec4<u32>; // digit, count, high, low

fn max_of_workgroup(lane: u32, value: u32) -> u32 {
  workgroupBarrier();
  if (lane == 0u) {
    atomicStore(&reduced, 0u);
  }
  workgroupBarrier();
  if (value != 0u) {
    atomicMax(&reduced, value);
  }
  workgroupBarrier();
  return atomicLoad(&reduced);
}

fn num_groups() -> u32 {
  return NUM_SEGMENTS * groups_per_segment();
}

// Where a group's first logit lies in its segment's buffer, and the id it has.
struct Place {
  segment: u32,
  index: u32,
  id: u32,
}

fn place_of(row: u32, group: u32) -> Place {
  let segment = group / groups_per_segment();
  let first = first_logit(group % groups_per_segment());
  return Place(segment, row * SEGMENT_LENGTH + first, segment * SEGMENT_LENGTH + first);
}

fn num_steps(group: u32) -> u32 {
  return steps_of(group % groups_per_segment());
}

// The key of the logit that a group has at a step.
fn key_at(place: Place, step: u32) -> u32 {
  let index = place.index + step * CHUNK_GROUPS;
  var bits = 0u;
  if (place.segment == 0u) {
    bits = values0[index];
  } else {
    bits = values1[index];
  }
  return key_of_logit(bits, place.id + step * CHUNK_GROUPS);
}

fn survives(key: u32, rev: u32, threshold: Threshold) -> bool {
  return key > threshold.key || (key == threshold.key && rev >= threshold.rev);
}

fn weight_of(mode: u32, key: u32) -> vec2<u32> {
  if (mode != BY_WEIGHT) {
    return vec2<u32>(0u, 1u);
  }
  let relative = exp((value_of(key) - row_max) * row_inv_temperature);
  let weight = min(u32(relative * 0x1p28 + 0.5), 0xfffffffu);
  return vec2<u32>(weight >> LIMB, weight & ((1u << LIMB) - 1u));
}

fn normalised(sum: vec2<u32>) -> vec2<u32> {
  return vec2<u32>(sum.x + (sum.y >> LIMB), sum.y & ((1u << LIMB) - 1u));
}

fn flush_run() {
  if (run.y != 0u) {
    atomicAdd(&histogram_count[run.x], run.y);
    atomicAdd(&histogram_high[run.x], run.z);
    atomicAdd(&histogram_low[run.x], run.w);
  }
  run = vec4<u32>();
}

fn tally(mode: u32, level: u32, key: u32, rev: u32, keep: Threshold, known: Search) {
  if (!survives(key, rev, keep) || (key & known.key_mask) != known.key || (rev & known.rev_mask) != known.rev) {
    return;
  }
  let digit = select(rev >> (48u - 8u * max(level, 4u)), key >> (24u - 8u * min(level, 3u)), level < 4u) & 255u;
  if (digit != run.x) {
    flush_run();
  }
  run = vec4<u32>(digit, run.y + 1u, run.zw + weight_of(mode, key));
}
