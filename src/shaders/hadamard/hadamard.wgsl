// out = x with every block of 2^m elements of a row Walsh-Hadamard transformed and scaled: undoes, on the output of attention,
// what the cache did to the values (the transform, scaled by 2^-m/2, is its own inverse). A thread a chunk of a row.
struct HadamardParams {
  num_chunks: u32, // of a row
  num_parts: u32,  // chunks of a block
  stride: u32,     // floats, of a row of x and of out
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: HadamardParams;
@group(0) @binding(1) var<storage, read> x_in: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let chunk = gid.x;
  if (chunk >= params.num_chunks) {
    return;
  }
  let row = gid.y * (params.stride >> 2u);
  let first = chunk & ~(params.num_parts - 1u);
  var x = array<vec4<f32>, 8>();
  for (var j = 0u; j < params.num_parts; j++) {
    let sign = hadamard_sign(chunk, j);
    for (var i = 0u; i < QUADS; i++) {
      x[i] = fma(vec4<f32>(sign), x_in[row + (first + j) * QUADS + i], x[i]);
    }
  }
  transform_chunk(&x);
  for (var i = 0u; i < QUADS; i++) {
    out[row + chunk * QUADS + i] = x[i] * params.scale;
  }
}
