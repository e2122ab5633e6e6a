// What changes from step to step, the same for every dispatch of a step. Rows: prompt rows first, then generated ones.
struct Step {
  num_prompt: u32,
  num_generated: u32,
  num_prompt_logits: u32,
  num_generated_logits: u32,
  num_tiles: u32,
  table_stride: u32,
}

// One row of the batch.
struct Row {
  token: u32,
  position: u32,
  slot: u32,
  sequence: u32,
}
