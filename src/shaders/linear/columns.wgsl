// A row of x against rows of weights, by teams of LANES lanes, four or eight. A lane holds its unit of x (UNIT_GROUPS groups of 32) and meets
// that part of all rows of the team, one after the other: so x is loaded once for all, and nothing is broadcast.
// The order of a sum: of a unit as unit_dot has it, then (x + y) + (z + w), then lanes and units along k as columns_array.wgsl
// or columns_registers.wgsl has it. It does not depend on the rows of x beside it.
struct TwoTotals {
  a: Totals,
  b: Totals,
}

fn team_rows() -> u32 {
  return TEAM_ROWS * phases();
}

// The rows of a phase: the first of them, the lane's first unit there, and units from one to the next.
struct Walk {
  row: u32, // counted from the team's first
  unit: u32,
  step: u32,
}

fn walk_from(first: u32, phase: u32, lane: u32) -> Walk {
  // Those of phase 1 have odd numbers.
  let row = select(0u, (first ^ phase) & 1u, phases() > 1u);
  let unit = (first + row) * params.num_groups / UNIT_GROUPS + lane;
  return Walk(row, unit, row_groups() * phases() / UNIT_GROUPS);
}

// Groups of a row of x that begins at word `xb`, from `group` on; zero behind the last, and before the first.
fn held_at(xb: u32, group: u32) -> Held {
  var v: Held;
  for (var i = 0u; i < UNIT_GROUPS * 8u; i++) {
    let at = group + i / 8u;
    let word = x[xb + min(at, params.num_groups - 1u) * 8u + (i & 7u)];
    v[i] = select(vec4<f32>(), word, vec4<bool>(at < params.num_groups));
  }
  return v;
}

// Rows of weights from `first` on; those behind the last are whatever lies there. `xb`: first words of rows of x.
fn totals_of(first: u32, xb: u32, lane: u32) -> Totals {
  var t = Totals();
  for (var phase = 0u; phase < phases(); phase++) {
    let walk = walk_from(first, phase, lane);
    for (var begin = 0u; begin < params.num_groups + phase; begin += LANES * UNIT_GROUPS) {
      let v = held_at(xb, begin + lane * UNIT_GROUPS - phase);
      let sums = sums_of_held(v);
      let at = walk.unit + begin / UNIT_GROUPS;
      for (var i = 0u; i < TEAM_ROWS; i++) {
        let r = walk.row + i * phases();
        add_to(&t, r, lane, sum4(unit_dot(unit_at(at + i * walk.step), v, sums)));
      }
    }
  }
  return t;
}

fn totals_of_two(first: u32, xb: vec2<u32>, lane: u32) -> TwoTotals {
  var a = Totals();
  var b = Totals();
  for (var phase = 0u; phase < phases(); phase++) {
    let walk = walk_from(first, phase, lane);
    for (var begin = 0u; begin < params.num_groups + phase; begin += LANES * UNIT_GROUPS) {
      let v = held_at(xb.x, begin + lane * UNIT_GROUPS - phase);
      let w = held_at(xb.y, begin + lane * UNIT_GROUPS - phase);
      let v_sums = sums_of_held(v);
      let w_sums = sums_of_held(w);
      let at = walk.unit + begin / UNIT_GROUPS;
      for (var i = 0u; i < TEAM_ROWS; i++) {
        let r = walk.row + i * phases();
        let unit = unit_at(at + i * walk.step);
        add_to(&a, r, lane, sum4(unit_dot(unit, v, v_sums)));
        add_to(&b, r, lane, sum4(unit_dot(unit, w, w_sums)));
      }
    }
  }
  return TwoTotals(a, b);
}

// First word of row m of x.
fn row_at(m: u32) -> u32 {
  return m * (params.x_stride >> 2u);
}
