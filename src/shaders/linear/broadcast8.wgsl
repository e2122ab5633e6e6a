// A group of x for a subgroup of 8 or more: a lane loads a word, and all get the eight.
fn group_of_x(at: u32, lane: u32) -> array<vec4<f32>, 8> {
  let v = x[at + (lane & 7u)];
  return array<vec4<f32>, 8>(
    subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u),
    subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u), subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u));
}
