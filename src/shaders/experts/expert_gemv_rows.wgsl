// Generated rows on software adapters: a thread an output of a (row, slot) pair, no barrier. A pair reads its expert's
// weights alone. The order of a sum is that of linear_gemv_rows.wgsl.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let pair = step.num_prompt * params.num_used + wid.y;
  let part = part_of(ids[pair]);
  let n = wid.x * 64u + tid;
  if (n < num_outputs(part)) {
    let base = weight_row(part, n) * params.num_groups;
    let up_base = base + params.num_rows * params.num_groups;
    let at = x_at(pair);
    var first = vec4<f32>();
    var second = vec4<f32>();
    for (var group = 0u; group < params.num_groups; group++) {
      first = dot_group(base + group, at + group * 8u, first);
      if (HALVES == 2u) {
        second = dot_group(up_base + group, at + group * 8u, second);
      }
    }
    store_sums(pair, part, n, sum4(first), sum4(second));
  }
}
