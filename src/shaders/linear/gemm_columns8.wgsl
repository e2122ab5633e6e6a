// For teams of eight lanes: a lane keeps one of eight rows of x.
alias Merged = f32;

fn merged_eight(p: Eight, lane: u32) -> Merged {
  let low = merged_four(p[0], p[1], p[2], p[3], lane);
  return merged(low, merged_four(p[4], p[5], p[6], p[7], lane), lane, 4u);
}

fn store_merged(m: u32, last: u32, n: u32, lane: u32, value: Merged) {
  if (lane <= last) { store(m + lane, n, value); }
}

fn sum_of_lanes(part: f32) -> f32 {
  let s = part + subgroupShuffleXor(part, 1u);
  let t = s + subgroupShuffleXor(s, 2u);
  return t + subgroupShuffleXor(t, 4u);
}
