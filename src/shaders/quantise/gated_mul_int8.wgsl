// out[r, i] = activation(gate[r, i]) * up[r, i], gate and up side by side in one row, and the same as signed bytes; of all
// rows. A thread a group of 32.
struct GatedMulInt8Params {
  num_groups: u32, // of gate, and of up
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: GatedMulInt8Params;
@group(0) @binding(2) var<storage, read> gate_up: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> quants: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> scales: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let r = gid.x / params.num_groups;
  if (r < step.num_prompt + step.num_generated) {
    let gate = (gid.x + r * params.num_groups) * 8u;
    let up = gate + params.num_groups * 8u;
    var v = array<vec4<f32>, 8>();
    for (var i = 0u; i < 8u; i++) {
      v[i] = activated4(gate_up[gate + i], gate_up[up + i]);
      out[gid.x * 8u + i] = v[i];
    }
    write_group(gid.x, v);
  }
}
