// Half a block of Q6_K: low nibbles of two quarters, high bits of four and their scales are loaded once, not for every group.
const STRIP_GROUPS = 4u;

struct Strip {
  even: Q6K, // quarters 0 and 2
  odd_a: vec4<u32>, // low nibbles of quarters 1 and 3
  odd_b: vec4<u32>,
}

fn strip_at(group: u32) -> Strip {
  let block = group >> 3u;
  let at = block * 13u;
  let half = (group >> 2u) & 1u;
  let low = at + half * 4u;
  let high = at + 8u + half * 2u;
  let d = half_of(ws[block >> 1u], block);
  let even = Q6K(wq[low], wq[low + 1u], wq[high], wq[high + 1u], half_scales_q6k(at, half), d);
  return Strip(even, wq[low + 2u], wq[low + 3u]);
}

fn strip_group(strip: Strip, j: u32) -> Group {
  let odd = (j & 1u) == 1u;
  let even = strip.even;
  let low_a = select(even.low_a, strip.odd_a, odd);
  let low_b = select(even.low_b, strip.odd_b, odd);
  return group_q6k(Q6K(low_a, low_b, even.high_a, even.high_b, even.scales, even.d), j);
}
