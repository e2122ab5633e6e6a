// A sum over the 32 lanes of a workgroup, the same for every lane: the fixed tree is taken by each of them from shared memory,
// so that one barrier is enough.
var<workgroup> partial: array<f32, 32>;

fn tree8(at: u32) -> f32 {
  return ((partial[at] + partial[at + 1u]) + (partial[at + 2u] + partial[at + 3u])) +
    ((partial[at + 4u] + partial[at + 5u]) + (partial[at + 6u] + partial[at + 7u]));
}

fn sum32(lane: u32, v: vec4<f32>) -> f32 {
  partial[lane] = (v.x + v.y) + (v.z + v.w);
  workgroupBarrier();
  return (tree8(0u) + tree8(8u)) + (tree8(16u) + tree8(24u));
}
