// Memory to registers: a 16-byte word a thread and iteration, neighbours side by side; what was read ends in one word.
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = groups.x * 64u;
  var a = vec4<u32>();
  for (var i = 0u; i < params.num_iterations; i++) {
    a ^= source[id.x + i * stride];
  }
  out[id.x] = a.x ^ a.y ^ a.z ^ a.w;
}
