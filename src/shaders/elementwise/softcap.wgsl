// Caps the logits of the rows that have some, in place, of one segment of the vocabulary: a thread four of them.
struct SoftcapParams {
  row_words: u32, // of the segment, in fours
  softcap: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: SoftcapParams;
@group(0) @binding(2) var<storage, read_write> logits: array<vec4<f32>>; // [row][row_words]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let row = gid.y;
  if (gid.x < params.row_words && row < step.num_prompt_logits + step.num_generated_logits) {
    let at = row * params.row_words + gid.x;
    let v = logits[at];
    logits[at] = vec4<f32>(
      capped(v.x, params.softcap),
      capped(v.y, params.softcap),
      capped(v.z, params.softcap),
      capped(v.w, params.softcap),
    );
  }
}
