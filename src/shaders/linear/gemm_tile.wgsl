// A tile of 32 rows x 64 outputs in shared memory, one group of 32 along K, for 64 threads of 4 rows x 8 outputs each.
const TILE_M = 32u;
const TILE_N = 64u;
const PITCH = 9u; // 8 words of four, plus one against bank conflicts

var<workgroup> xs: array<vec4<f32>, 288>; // [TILE_M][PITCH]
var<workgroup> wt: array<vec4<f32>, 576>; // [TILE_N][PITCH]

// acc[i] += x[i] * w for four rows and four outputs, one k.
fn outer(acc: ptr<function, mat4x4<f32>>, x4: vec4<f32>, w4: vec4<f32>) {
  (*acc)[0] = fma(vec4<f32>(x4.x), w4, (*acc)[0]);
  (*acc)[1] = fma(vec4<f32>(x4.y), w4, (*acc)[1]);
  (*acc)[2] = fma(vec4<f32>(x4.z), w4, (*acc)[2]);
  (*acc)[3] = fma(vec4<f32>(x4.w), w4, (*acc)[3]);
}

// Columns of four vectors: the k-th elements of all, k = 0..3.
fn transposed(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(a, b, c, d));
}

// The products of the tile in shared memory: 4 rows from tm on, outputs tn, tn + 8, ..., tn + 56; k = 0, 1, 2, ...
fn multiply_tile(tm: u32, tn: u32, low: ptr<function, mat4x4<f32>>, high: ptr<function, mat4x4<f32>>) {
  for (var k = 0u; k < 8u; k++) {
    let xt = transposed(xs[tm * PITCH + k], xs[(tm + 1u) * PITCH + k], xs[(tm + 2u) * PITCH + k], xs[(tm + 3u) * PITCH + k]);
    let wl = transposed(wt[tn * PITCH + k], wt[(tn + 8u) * PITCH + k], wt[(tn + 16u) * PITCH + k], wt[(tn + 24u) * PITCH + k]);
    let wh = transposed(wt[(tn + 32u) * PITCH + k], wt[(tn + 40u) * PITCH + k], wt[(tn + 48u) * PITCH + k], wt[(tn + 56u) * PITCH + k]);
    outer(low, xt[0], wl[0]);
    outer(high, xt[0], wh[0]);
    outer(low, xt[1], wl[1]);
    outer(high, xt[1], wh[1]);
    outer(low, xt[2], wl[2]);
    outer(high, xt[2], wh[2]);
    outer(low, xt[3], wl[3]);
    outer(high, xt[3], wh[3]);
  }
}
