// f32 fma from registers: eight chains of which each step needs the one before, so that none can be left out; enough of them
// for a CPU's latency, few enough for its registers. 256 fma an iteration and
// thread, because a loop's own cost is high on SwiftShader.
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let f = vec4<f32>(params.factor);
  let g = vec4<f32>(params.addend);
  var a = vec4<f32>(f32(id.x & 63u)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
  var b = a + vec4<f32>(4.0);
  for (var i = 0u; i < params.num_iterations; i++) {
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
    a = fma(a, f, g);
    b = fma(b, f, g);
  }
  let s = a + b;
  out[id.x] = (s.x + s.y) + (s.z + s.w);
}
