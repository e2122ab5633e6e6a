// Words of four weights in a group. On software adapters a compiler must not know that it is 8: it would unroll loops that
// then take it tens of seconds.
override ROLLED: bool = false;

fn words_per_group() -> u32 {
  return select(8u, params.x_stride / (params.num_groups * 4u), ROLLED);
}
