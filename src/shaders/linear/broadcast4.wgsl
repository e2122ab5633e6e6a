// A group of x for a subgroup of 4 or more: a lane loads two words, and all get the eight.
fn group_of_x(at: u32, lane: u32) -> array<vec4<f32>, 8> {
  let v = x[at + (lane & 3u)];
  let w = x[at + 4u + (lane & 3u)];
  return array<vec4<f32>, 8>(
    subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u),
    subgroupBroadcast(w, 0u), subgroupBroadcast(w, 1u), subgroupBroadcast(w, 2u), subgroupBroadcast(w, 3u));
}
