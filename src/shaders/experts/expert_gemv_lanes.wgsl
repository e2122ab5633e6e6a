// Generated rows on GPUs: 32 lanes an output of a (row, slot) pair, a group of 32 weights a lane and step. A pair reads its
// expert's weights alone. The order of a sum is that of linear_gemv_lanes.wgsl.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let pair = step.num_prompt * params.num_used + wid.y;
  let part = part_of(ids[pair]);
  let team = tid >> 5u;
  let lane = tid & 31u;
  let n = wid.x * 2u + team;
  let is_there = n < num_outputs(part);
  let base = select(0u, weight_row(part, n) * params.num_groups, is_there);
  let up_base = base + params.num_rows * params.num_groups;
  let num_groups = select(0u, params.num_groups, is_there);
  let at = x_at(pair);
  var first = vec4<f32>();
  var second = vec4<f32>();
  for (var group = lane; group < num_groups; group += 32u) {
    first = dot_group(base + group, at + group * 8u, first);
    if (HALVES == 2u) {
      second = dot_group(up_base + group, at + group * 8u, second);
    }
  }
  let sums = tree32(vec4<f32>(sum4(first), sum4(second), 0.0, 0.0), team, lane);
  if (is_there && lane == 0u) {
    store_sums(pair, part, n, sums.x, sums.y);
  }
}
