// Teams of four lanes: a lane keeps what it has summed of every row, and the lanes are added at the end, in a tree. For
// SwiftShader, where a load and a store of an array's element cost less than two shuffles and eight selects.
const TEAM_ROWS = 64u;

// Times that a team goes along k, each time for every phases()-th of its rows: where a row has no whole number of units, every
// other one begins in the middle of one.
fn phases() -> u32 {
  return 1u + (params.num_groups & (UNIT_GROUPS - 1u));
}

// For two phases.
alias Totals = array<f32, 128>;

fn add_to(t: ptr<function, Totals>, r: u32, lane: u32, part: f32) {
  (*t)[r] += part;
}

// Of the four rows from r on, that of the lane.
fn total_at(t: ptr<function, Totals>, r: u32, lane: u32) -> f32 {
  var own = 0.0;
  for (var i = 0u; i < LANES; i++) {
    var s = (*t)[r + i];
    s += subgroupShuffleXor(s, 1u);
    s += subgroupShuffleXor(s, 2u);
    own = select(own, s, i == lane);
  }
  return own;
}
