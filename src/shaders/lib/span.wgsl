// The rows of one sequence in a step, and where the state before the first of them is; NO_SLOT: nowhere, it is zero. Behind a
// row whose entry in the list of slots is not NO_SLOT the state is written there.
struct Span {
  first_row: u32,
  num_rows: u32,
  from_slot: u32,
  unused: u32,
}

const NO_SLOT = 0xffffffffu;
