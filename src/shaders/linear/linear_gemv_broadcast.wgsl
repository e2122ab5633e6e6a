// Generated rows on software adapters with subgroups: a thread four outputs (two at a time where there is one row of x), no
// barrier, up to four rows of x a pass. A load is tens of instructions for each lane there: so a lane loads a word of x once,
// broadcasts it, and it is multiplied several times. The order of a row's sum, and so its bits, are those of
// linear_gemv_rows.wgsl.
@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) tid: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = generated_rows();
  let n = wid.x * 64u + tid;
  let m = rows.x + wid.y * 4u;
  let last = rows.y - 1u - wid.y * 4u;
  let xb = rows_from(m, last);
  if (last == 0u) {
    for (var i = 0u; i < 64u; i += 32u) {
      store_two(m, n + i, products_of_two(first_groups(n + i).xy, xb.x, lane));
    }
  } else {
    let sums = products_of_four_rows(first_groups(n), xb, lane);
    store_four(m, n, sums.a);
    store_four(m + 1u, n, sums.b);
    if (last > 1u) { store_four(m + 2u, n, sums.c); }
    if (last > 2u) { store_four(m + 3u, n, sums.d); }
  }
}
