// dot4I8Packed from registers: eight chains whose sum is the next operand. 32 of them an iteration and thread.
@group(0) @binding(1) var<storage, read_write> out: array<i32>;

fn next(a: i32, w: u32) -> i32 {
  return a + dot4I8Packed(bitcast<u32>(a), w);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let w = params.step;
  let first = i32(id.x & 63u);
  var a = first + 1;
  var b = first + 2;
  var c = first + 3;
  var d = first + 4;
  var e = first + 5;
  var f = first + 6;
  var g = first + 7;
  var h = first + 8;
  for (var i = 0u; i < params.num_iterations; i++) {
    a = next(a, w);
    b = next(b, w);
    c = next(c, w);
    d = next(d, w);
    e = next(e, w);
    f = next(f, w);
    g = next(g, w);
    h = next(h, w);
    a = next(a, w);
    b = next(b, w);
    c = next(c, w);
    d = next(d, w);
    e = next(e, w);
    f = next(f, w);
    g = next(g, w);
    h = next(h, w);
    a = next(a, w);
    b = next(b, w);
    c = next(c, w);
    d = next(d, w);
    e = next(e, w);
    f = next(f, w);
    g = next(g, w);
    h = next(h, w);
    a = next(a, w);
    b = next(b, w);
    c = next(c, w);
    d = next(d, w);
    e = next(e, w);
    f = next(f, w);
    g = next(g, w);
    h = next(h, w);
  }
  out[id.x] = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
