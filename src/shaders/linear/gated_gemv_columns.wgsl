// Generated rows on software adapters with subgroups, gate and up at once: 64 outputs a workgroup, as in
// linear_gemv_columns.wgsl.
fn store_gated_totals(m: u32, first: u32, lane: u32, gate_totals: Totals, up_totals: Totals) {
  var gates = gate_totals;
  var ups = up_totals;
  for (var r = 0u; r < team_rows(); r += LANES) {
    let gate = total_at(&gates, r, lane);
    let up = total_at(&ups, r, lane);
    let n = first + r + lane;
    if (n < params.split_at) { store_gated(m, n, gate, up, 1.0); }
  }
}

// Of the rows of gate, then of up; 2, but not so that a compiler knows: the loop unrolled is twice the code.
fn parts() -> u32 {
  return min(2u, params.num_groups + 1u);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(subgroup_invocation_id) id: u32) {
  let rows = generated_rows();
  let lane = id & (LANES - 1u);
  let first = wid.x * team_rows();
  let m = rows.x + wid.y * 4u;
  let count = select(0u, min(rows.y - wid.y * 4u, 4u), first < params.split_at);
  if (count == 1u) {
    var gates = Totals();
    var ups = Totals();
    for (var part = 0u; part < parts(); part++) {
      gates = ups;
      ups = totals_of(part * params.split_at + first, row_at(m), lane);
    }
    store_gated_totals(m, first, lane, gates, ups);
  } else {
    for (var i = 0u; i < count; i += 2u) {
      let next = min(i + 1u, count - 1u); // of an odd number the last twice
      let xb = vec2<u32>(row_at(m + i), row_at(m + next));
      var gates = TwoTotals();
      var ups = TwoTotals();
      for (var part = 0u; part < parts(); part++) {
        gates = ups;
        ups = totals_of_two(part * params.split_at + first, xb, lane);
      }
      store_gated_totals(m + i, first, lane, gates.a, ups.a);
      if (next > i) { store_gated_totals(m + next, first, lane, gates.b, ups.b); }
    }
  }
}
