// The Walsh-Hadamard transform of a block of 2^m elements, chunk by chunk: a chunk's outputs are the transform of the
// signed sum of the block's chunks. A thread a chunk, so that no thread waits for another.
override QUADS: u32 = 8u; // of a chunk: 1, 2, 4 or 8

// The sign of chunk j of a block in the sum for chunk `chunk`.
fn hadamard_sign(chunk: u32, j: u32) -> f32 {
  return select(1.0, -1.0, (countOneBits(chunk & j) & 1u) == 1u);
}

// In place, unscaled, over the chunk's 4 * QUADS elements.
fn transform_chunk(x: ptr<function, array<vec4<f32>, 8>>) {
  for (var i = 0u; i < QUADS; i++) {
    let v = (*x)[i];
    let pairs = vec4<f32>(v.x + v.y, v.x - v.y, v.z + v.w, v.z - v.w);
    (*x)[i] = vec4<f32>(pairs.xy + pairs.zw, pairs.xy - pairs.zw);
  }
  for (var stride = 1u; stride < QUADS; stride = stride << 1u) {
    for (var i = 0u; i < QUADS / 2u; i++) {
      let low = ((i & ~(stride - 1u)) << 1u) | (i & (stride - 1u));
      let a = (*x)[low];
      let b = (*x)[low + stride];
      (*x)[low] = a + b;
      (*x)[low + stride] = a - b;
    }
  }
}
