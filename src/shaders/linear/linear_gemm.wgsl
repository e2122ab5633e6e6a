// Prompt rows: a tile of 32 rows x 64 outputs a workgroup, K in steps of 32 (one group), weights dequantised once into
// shared memory. Each of 64 threads owns 4 rows x 8 outputs. The order of a row's sum is k = 0, 1, 2, ... whatever tile
// the row is in, so the result of a row does not depend on the rows beside it.
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

fn store4(m: u32, n: u32, values: vec4<f32>) {
  // Outputs of one thread lie 8 apart, see below.
  if (n < params.num_out) { store(m, n, values.x); }
  if (n + 8u < params.num_out) { store(m, n + 8u, values.y); }
  if (n + 16u < params.num_out) { store(m, n + 16u, values.z); }
  if (n + 24u < params.num_out) { store(m, n + 24u, values.w); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = prompt_rows();
  let m0 = wid.y * TILE_M;
  let n0 = (wid.x + wid.z * 32768u) * TILE_N;
  let tm = (tid >> 3u) * 4u; // first of this thread's 4 rows
  let tn = tid & 7u;         // its outputs are tn, tn + 8, ..., tn + 56
  let my_n = min(n0 + tid, params.num_out - 1u);
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    for (var i = tid; i < TILE_M * 8u; i += 64u) {
      let m = min(m0 + (i >> 3u), rows.y - 1u) + rows.x;
      xs[(i >> 3u) * PITCH + (i & 7u)] = x[m * (params.x_stride >> 2u) + group * 8u + (i & 7u)];
    }
    let w = dequant32(my_n * params.num_groups + group);
    for (var i = 0u; i < 8u; i++) {
      wt[tid * PITCH + i] = w[i];
    }
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
      let xt = transposed(xs[tm * PITCH + k], xs[(tm + 1u) * PITCH + k], xs[(tm + 2u) * PITCH + k], xs[(tm + 3u) * PITCH + k]);
      let wl = transposed(wt[tn * PITCH + k], wt[(tn + 8u) * PITCH + k], wt[(tn + 16u) * PITCH + k], wt[(tn + 24u) * PITCH + k]);
      let wh = transposed(wt[(tn + 32u) * PITCH + k], wt[(tn + 40u) * PITCH + k], wt[(tn + 48u) * PITCH + k], wt[(tn + 56u) * PITCH + k]);
      outer(&low, xt[0], wl[0]);
      outer(&high, xt[0], wh[0]);
      outer(&low, xt[1], wl[1]);
      outer(&high, xt[1], wh[1]);
      outer(&low, xt[2], wl[2]);
      outer(&high, xt[2], wh[2]);
      outer(&low, xt[3], wl[3]);
      outer(&high, xt[3], wh[3]);
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let m = m0 + tm + i;
    if (m < rows.y) {
      store4(rows.x + m, n0 + tn, low[i]);
      store4(rows.x + m, n0 + tn + 32u, high[i]);
    }
  }
}
