// The first key that a row at `position` may see, when it may see `window` of them.
fn first_visible(position: u32, window: u32) -> u32 {
  return position + 1u - min(position + 1u, window);
}
