// Half a block of Q4_K: its head and the nibbles of four groups are loaded once, not for every group.
const STRIP_GROUPS = 4u;

struct Strip {
  head: vec4<u32>,
  first: u32, // of the groups in the block: 0 or 4
  a: vec4<u32>,
  b: vec4<u32>,
  c: vec4<u32>,
  d: vec4<u32>,
}

fn strip_at(group: u32) -> Strip {
  let head = (group >> 3u) * 9u;
  let first = group & 4u;
  let at = head + 1u + first;
  return Strip(wq[head], first, wq[at], wq[at + 1u], wq[at + 2u], wq[at + 3u]);
}

fn strip_group(strip: Strip, j: u32) -> Group {
  let second = j > 1u;
  return group_q4k(strip.head, strip.first + j, select(strip.a, strip.c, second), select(strip.b, strip.d, second));
}
