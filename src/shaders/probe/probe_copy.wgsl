// Memory to memory: a 16-byte word a thread and iteration, neighbours side by side.
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = groups.x * 64u;
  for (var i = 0u; i < params.num_iterations; i++) {
    out[id.x + i * stride] = source[id.x + i * stride];
  }
}
