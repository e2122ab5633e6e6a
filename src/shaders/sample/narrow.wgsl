// The search over select.wgsl's histograms, a digit a round. Call it in uniform control flow.

fn fill_histogram(lane: u32, row: u32, mode: u32, level: u32, keep: Threshold, known: Search) {
  run = vec4<u32>();
  for (var g = lane; g < num_groups(); g += WG_SIZE) {
    let largest = group_key(row * num_groups() + g);
    if (largest >= max(keep.key, known.key)) {
      let place = place_of(row, g);
      // A group as such is a candidate of one step, with its own index for an id.
      let steps = select(num_steps(g), 1u, mode == BY_GROUP);
      for (var step = 0u; step < steps; step++) {
        var key = largest;
        var id = g;
        if (mode != BY_GROUP) {
          key = key_at(place, step);
          id = place.id + step * CHUNK_GROUPS;
        }
        tally(mode, level, key, ID_LIMIT - id, keep, known);
      }
    }
  }
  flush_run();
}

fn bucket_sum(digit: u32) -> vec2<u32> {
  return normalised(vec2<u32>(atomicLoad(&histogram_high[digit]), atomicLoad(&histogram_low[digit])));
}

fn reaches(sum: vec2<u32>, want: vec2<u32>) -> bool {
  return sum.x > want.x || (sum.x == want.x && sum.y >= want.y);
}

fn minus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let borrow = select(0u, 1u, a.y < b.y);
  return vec2<u32>(a.x - b.x - borrow, a.y + (borrow << LIMB) - b.y);
}

// The wanted weight at the first level: what is asked for, at most all there is, at least the smallest unit.
fn first_want(mode: u32, count: u32, share: f32) -> vec2<u32> {
  var total = vec2<u32>();
  for (var block = 0u; block < 16u; block++) {
    total = normalised(total + block_sums[block]);
  }
  var want = vec2<u32>(0u, count);
  if (mode == BY_WEIGHT) {
    let target_weight = share * (f32(total.x) * 16384.0 + f32(total.y));
    let high = floor(target_weight * 0x1p-14);
    want = vec2<u32>(u32(high), u32(ceil(max(target_weight - high * 16384.0, 0.0))));
  }
  want = max(normalised(want), vec2<u32>(0u, select(0u, 1u, want.x == 0u)));
  if (!reaches(total, want)) {
    search.all = 1u;
    return total;
  }
  return want;
}

// One thread: finds the bucket in which the wanted weight is reached, from the largest digit down.
fn choose_bucket(mode: u32, level: u32) {
  var want = search.want;
  var block = 15u;
  while (block > 0u && !reaches(block_sums[block], want)) {
    want = minus(want, block_sums[block]);
    block--;
  }
  var digit = 16u * block + 15u;
  while (digit > 16u * block && !reaches(bucket_sum(digit), want)) {
    want = minus(want, bucket_sum(digit));
    digit--;
  }
  search.want = want;
  if (level < 4u) {
    search.key |= digit << (24u - 8u * level);
    search.key_mask |= 255u << (24u - 8u * level);
  } else {
    search.rev |= digit << (48u - 8u * level);
    search.rev_mask |= 255u << (48u - 8u * level);
  }
  // Stop where the whole bucket survives. (By weight that takes a bucket of one: the lighter members of a larger one
  // might weigh nothing.)
  let count = atomicLoad(&histogram_count[digit]);
  if (level == LAST_LEVEL || count <= 1u || (mode != BY_WEIGHT && all(bucket_sum(digit) == want)) || (mode == BY_GROUP && level == 3u)) {
    search.done = 1u;
  }
}

// The threshold of the most likely candidates, among those that `keep` leaves, that together weigh `count`
// (BY_GROUP, BY_COUNT) or the share `share` of all (BY_WEIGHT). If there is less, `keep` itself.
fn narrow(lane: u32, row: u32, mode: u32, keep: Threshold, count: u32, share: f32) -> Threshold {
  workgroupBarrier();
  if (lane == 0u) {
    search = Search(0u, 0u, 0u, 0u, vec2<u32>(), 0u, 0u);
  }
  var known = workgroupUniformLoad(&search);
  for (var level = 0u; known.done == 0u; level++) { // no constant bound: seven copies would take seconds to compile
    for (var i = lane; i < 256u; i += WG_SIZE) {
      atomicStore(&histogram_count[i], 0u);
      atomicStore(&histogram_high[i], 0u);
      atomicStore(&histogram_low[i], 0u);
    }
    workgroupBarrier();
    fill_histogram(lane, row, mode, level, keep, known);
    workgroupBarrier();
    for (var block = lane; block < 16u; block += WG_SIZE) {
      var sum = vec2<u32>();
      for (var digit = 16u * block; digit < 16u * block + 16u; digit++) {
        sum = normalised(sum + bucket_sum(digit));
      }
      block_sums[block] = sum;
    }
    workgroupBarrier();
    if (lane == 0u) {
      if (level == 0u) {
        search.want = first_want(mode, count, share);
      }
      if (search.all == 1u) {
        search.done = 1u;
      } else {
        choose_bucket(mode, level);
      }
    }
    known = workgroupUniformLoad(&search);
  }
  if (known.all == 1u) {
    return keep;
  }
  // The largest value of the n-th group bounds the n-th largest of all from below: a bound on keys alone.
  let found = Threshold(known.key, select(known.rev, 0u, mode == BY_GROUP));
  // The last bucket may reach below `keep`, whose candidates alone were counted.
  if (survives(found.key, found.rev, keep)) {
    return found;
  }
  return keep;
}
