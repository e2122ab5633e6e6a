// Embedding gather: a thread a group of 32 of a row; rows whose token (or position) lies in another shard are left alone.
struct EmbedParams {
  first_token: u32, // of the shard
  num_tokens: u32,
  num_groups: u32,  // hidden size / 32, padded
  scale: f32,
  index_by: u32,    // the row of the table: 0: the token's; 1: the position's; 2: the first
  add_to_out: u32,  // 1: add to what is there
}

@group(0) @binding(2) var<uniform> step: Step;
@group(0) @binding(3) var<uniform> params: EmbedParams;
@group(0) @binding(4) var<storage, read> rows: array<Row>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.x / params.num_groups;
  let group = gid.x % params.num_groups;
  if (r < step.num_prompt + step.num_generated) {
    let token = select(select(rows[r].token, rows[r].position, params.index_by == 1u), 0u, params.index_by == 2u);
    if (token >= params.first_token && token - params.first_token < params.num_tokens) {
      let w = dequant32((token - params.first_token) * params.num_groups + group);
      for (var i = 0u; i < 8u; i++) {
        let at = (r * params.num_groups + group) * 8u + i;
        var v = w[i] * params.scale;
        if (params.add_to_out == 1u) {
          v += out[at];
        }
        out[at] = v;
      }
    }
  }
}
