// Generated rows on software adapters with subgroups: 64 outputs a workgroup, which is a team, up to four rows of x a pass, one alone or
// two at a time. The lanes of a team lie side by side in the subgroup.
fn store_totals(m: u32, first: u32, lane: u32, totals: Totals) {
  var t = totals;
  for (var r = 0u; r < team_rows(); r += LANES) {
    let value = total_at(&t, r, lane);
    let n = first + r + lane;
    if (n < params.num_out) { store(m, n, value); }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(subgroup_invocation_id) id: u32) {
  let rows = generated_rows();
  let lane = id & (LANES - 1u);
  let first = wid.x * team_rows();
  let m = rows.x + wid.y * 4u;
  let count = select(0u, min(rows.y - wid.y * 4u, 4u), first < params.num_out);
  if (count == 1u) {
    store_totals(m, first, lane, totals_of(first, row_at(m), lane));
  } else {
    for (var i = 0u; i < count; i += 2u) {
      let next = min(i + 1u, count - 1u); // of an odd number the last twice
      let t = totals_of_two(first, vec2<u32>(row_at(m + i), row_at(m + next)), lane);
      store_totals(m + i, first, lane, t.a);
      if (next > i) { store_totals(m + next, first, lane, t.b); }
    }
  }
}
