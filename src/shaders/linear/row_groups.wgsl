// Groups from a row of weights to the next. No array is empty; but asked here, ahead of a loop, their lengths, which every access
// needs, are not found anew in it: on SwiftShader each is four divisions.
fn row_groups() -> u32 {
  return select(0u, params.num_groups, min(arrayLength(&wq), arrayLength(&ws)) > 0u);
}
