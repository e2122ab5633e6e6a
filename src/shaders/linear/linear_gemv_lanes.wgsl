// Generated rows on GPUs: 32 lanes an output, a group of 32 weights a lane and step, up to four rows of x a pass.
// The order of a row's sums (lane stride 32, four partial sums, fixed tree) is the same for any number of rows.
// One word of a row of x, of a row of weights, and of the norm's weight.
fn take(sum: ptr<function, vec4<f32>>, squares: ptr<function, vec4<f32>>, w: vec4<f32>, v: vec4<f32>, norm: vec4<f32>) {
  *sum = fma(w, v * norm, *sum);
  *squares = squared(v, *squares);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let team = tid >> 5u;
  let lane = tid & 31u;
  let n = (wid.x + wid.z * 32768u) * 2u + team;
  let row = min(n, params.num_out - 1u);
  let first = wid.y * 4u;
  let count = min(rows.y - first, 4u);
  let pitch = params.x_stride >> 2u;
  let words = words_per_group();
  let base = row * params.num_groups;
  let at = vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
  let xb = vec4<u32>(x_row(at.x), x_row(at.y), x_row(at.z), x_row(at.w)) * vec4<u32>(pitch);
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  var s0 = vec4<f32>(); // squares
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  for (var group = lane; group < params.num_groups; group += 32u) {
    let w = dequant32(base + group);
    let k0 = group * 8u;
    if (count == 1u) {
      for (var i = 0u; i < words; i++) {
        take(&a0, &s0, w[i], x[xb.x + k0 + i], norm_word(k0 + i));
      }
    } else {
      for (var i = 0u; i < words; i++) {
        let wi = w[i];
        let norm = norm_word(k0 + i);
        take(&a0, &s0, wi, x[xb.x + k0 + i], norm);
        take(&a1, &s1, wi, x[xb.y + k0 + i], norm);
        take(&a2, &s2, wi, x[xb.z + k0 + i], norm);
        take(&a3, &s3, wi, x[xb.w + k0 + i], norm);
      }
    }
  }
  let sums = tree32(vec4<f32>(sum4(a0), sum4(a1), sum4(a2), sum4(a3)), team, lane);
  var squares = vec4<f32>();
  if (NORMED) {
    squares = tree32(vec4<f32>(sum4(s0), sum4(s1), sum4(s2), sum4(s3)), team, lane);
  }
  let scales = row_scales(squares);
  if (n < params.num_out && lane < count) {
    store_scaled(rows.x + first + lane, n, sums[lane], scales[lane]);
  }
}
