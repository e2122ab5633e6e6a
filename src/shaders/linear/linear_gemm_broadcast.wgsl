// Prompt rows on software adapters with subgroups: a thread four outputs and eight rows, no shared memory and no barrier.
// Weights are dequantised once for the eight, and a lane loads each word of x once for four outputs of all lanes. The order
// of a row's sum, and so its bits, are those of linear_gemm_rows.wgsl.
@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) tid: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = prompt_rows();
  let n = wid.x * 64u + tid;
  let m = rows.x + wid.y * 8u;
  let last = rows.y - 1u - wid.y * 8u;
  let high = rows_from(m + min(4u, last), last - min(4u, last));
  let sums = products_of_eight_rows(first_groups(n), rows_from(m, last), high, lane);
  store_four(m, n, sums.low.a);
  if (last >= 1u) { store_four(m + 1u, n, sums.low.b); }
  if (last >= 2u) { store_four(m + 2u, n, sums.low.c); }
  if (last >= 3u) { store_four(m + 3u, n, sums.low.d); }
  if (last >= 4u) { store_four(m + 4u, n, sums.high.a); }
  if (last >= 5u) { store_four(m + 5u, n, sums.high.b); }
  if (last >= 6u) { store_four(m + 6u, n, sums.high.c); }
  if (last >= 7u) { store_four(m + 7u, n, sums.high.d); }
}
