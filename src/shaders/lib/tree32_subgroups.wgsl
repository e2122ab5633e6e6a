// Sum over 32 lanes by the same fixed tree (pairs 1, 2, 4, 8, 16 apart): shuffles for the distances that lie inside the
// smallest subgroup the device has, shared memory for the rest. Same bits as without subgroups.
override SUBGROUP_MIN: u32 = 4u;
var<workgroup> tree: array<vec4<f32>, 64>;

fn tree32(value: vec4<f32>, team: u32, lane: u32) -> vec4<f32> {
  var v = value;
  if (SUBGROUP_MIN > 1u) { v += subgroupShuffleXor(v, 1u); }
  if (SUBGROUP_MIN > 2u) { v += subgroupShuffleXor(v, 2u); }
  if (SUBGROUP_MIN > 4u) { v += subgroupShuffleXor(v, 4u); }
  if (SUBGROUP_MIN > 8u) { v += subgroupShuffleXor(v, 8u); }
  if (SUBGROUP_MIN > 16u) { v += subgroupShuffleXor(v, 16u); }
  for (var distance = SUBGROUP_MIN; distance < 32u; distance = distance << 1u) {
    tree[team * 32u + lane] = v;
    workgroupBarrier();
    v += tree[team * 32u + (lane ^ distance)];
    workgroupBarrier();
  }
  return v;
}
