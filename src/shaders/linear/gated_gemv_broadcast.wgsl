// Generated rows on software adapters with subgroups, gate and up at once: a thread two outputs, n and n + 32, no barrier,
// up to four rows of x a pass. Loads and orders of sums are those of linear_gemv_broadcast.wgsl.
fn store_gated_four(m: u32, n: u32, four: Four) {
  let sums = sums_of(four);
  if (n < params.split_at) { store_gated(m, n, sums.x, sums.y, 1.0); }
  if (n + 32u < params.split_at) { store_gated(m, n + 32u, sums.z, sums.w, 1.0); }
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) tid: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = generated_rows();
  let n = wid.x * 64u + tid;
  let near = min(n, params.split_at - 1u);
  let far = min(n + 32u, params.split_at - 1u);
  let base = vec4<u32>(near, params.split_at + near, far, params.split_at + far) * params.num_groups;
  let m = rows.x + wid.y * 4u;
  let last = rows.y - 1u - wid.y * 4u;
  let xb = rows_from(m, last);
  if (last == 0u) {
    for (var i = 0u; i < 2u; i++) {
      let out_n = n + i * 32u;
      let sums = products_of_two(select(base.xy, base.zw, i == 1u), xb.x, lane);
      if (out_n < params.split_at) { store_gated(m, out_n, sum4(sums.a), sum4(sums.b), 1.0); }
    }
  } else {
    let sums = products_of_four_rows(base, xb, lane);
    store_gated_four(m, n, sums.a);
    store_gated_four(m + 1u, n, sums.b);
    if (last > 1u) { store_gated_four(m + 2u, n, sums.c); }
    if (last > 2u) { store_gated_four(m + 3u, n, sums.d); }
  }
}
