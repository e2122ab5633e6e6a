// Rows of f32 to signed bytes, a thread a group of 32.
struct QuantiseParams {
  num_groups: u32, // of a row
  head_rows: u32,  // 1: the rows that want logits, packed
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: QuantiseParams;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> quants: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> scales: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let all = step.num_prompt + step.num_generated;
  let num_rows = select(all, step.num_prompt_logits + step.num_generated_logits, params.head_rows == 1u);
  if (gid.x < num_rows * params.num_groups) {
    let at = gid.x * 8u;
    write_group(gid.x, array<vec4<f32>, 8>(
      x[at], x[at + 1u], x[at + 2u], x[at + 3u], x[at + 4u], x[at + 5u], x[at + 6u], x[at + 7u]));
  }
}
