// For teams of four lanes: what a lane keeps of eight rows of x, its row of the first four and of the others.
alias Merged = vec2<f32>;

fn merged_eight(p: Eight, lane: u32) -> Merged {
  return Merged(merged_four(p[0], p[1], p[2], p[3], lane), merged_four(p[4], p[5], p[6], p[7], lane));
}

fn store_merged(m: u32, last: u32, n: u32, lane: u32, values: Merged) {
  if (lane <= last) { store(m + lane, n, values.x); }
  if (lane + 4u <= last) { store(m + lane + 4u, n, values.y); }
}

fn sum_of_lanes(part: f32) -> f32 {
  let s = part + subgroupShuffleXor(part, 1u);
  return s + subgroupShuffleXor(s, 2u);
}
