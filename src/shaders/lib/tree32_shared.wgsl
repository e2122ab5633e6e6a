// Sum over 32 lanes by the fixed tree (pairs 1, 2, 4, 8, 16 apart), for four values at once, without subgroups.
// Every lane gets the sum. `team` is the index of the 32 lanes in the workgroup of 64.
var<workgroup> tree: array<vec4<f32>, 64>;

fn tree32(value: vec4<f32>, team: u32, lane: u32) -> vec4<f32> {
  var v = value;
  for (var distance = 1u; distance < 32u; distance = distance << 1u) {
    tree[team * 32u + lane] = v;
    workgroupBarrier();
    v += tree[team * 32u + (lane ^ distance)];
    workgroupBarrier();
  }
  return v;
}
