// Generated rows on GPUs in int8: 32 lanes an output, a group a lane and step, up to four rows of x a pass. The order of a
// row's sums (lane stride 32, fixed tree) is the same for any number of rows.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let team = tid >> 5u;
  let lane = tid & 31u;
  let n = (wid.x + wid.z * 32768u) * 2u + team;
  let first = wid.y * 4u;
  let count = min(rows.y - first, 4u);
  let base = min(n, params.num_out - 1u) * params.num_groups;
  let at = (vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u))) * params.num_groups;
  var a = vec4<f32>();
  for (var group = lane; group < params.num_groups; group += 32u) {
    let w = int8_group(base + group);
    a.x = add_group(w, row_group(at.x + group), a.x);
    if (count > 1u) {
      a.y = add_group(w, row_group(at.y + group), a.y);
      a.z = add_group(w, row_group(at.z + group), a.z);
      a.w = add_group(w, row_group(at.w + group), a.w);
    }
  }
  let sums = tree32(a, team, lane);
  if (n < params.num_out && lane < count) {
    store(rows.x + first + lane, n, sums[lane]);
  }
}
