// Generated rows on software adapters: a thread an output, no barrier, up to four rows of x a pass. The order of a
// row's sum is the same in the one-row and the four-row branch: four partial sums along k, then (x + y) + (z + w).
// One word of a row of x, of a row of weights, and of the norm's weight.
fn take(sum: ptr<function, vec4<f32>>, squares: ptr<function, vec4<f32>>, w: vec4<f32>, v: vec4<f32>, norm: vec4<f32>) {
  *sum = fma(w, v * norm, *sum);
  *squares = squared(v, *squares);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let n = wid.x * 64u + tid;
  let row = min(n, params.num_out - 1u);
  let first = wid.y * 4u;
  let count = min(rows.y - first, 4u);
  let pitch = params.x_stride >> 2u;
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
  if (count == 1u) {
    for (var group = 0u; group < params.num_groups; group++) {
      let w = dequant32(base + group);
      let k = group * 8u;
      let xa = xb.x + k;
      take(&a0, &s0, w[0], x[xa], norm_word(k));
      take(&a0, &s0, w[1], x[xa + 1u], norm_word(k + 1u));
      take(&a0, &s0, w[2], x[xa + 2u], norm_word(k + 2u));
      take(&a0, &s0, w[3], x[xa + 3u], norm_word(k + 3u));
      take(&a0, &s0, w[4], x[xa + 4u], norm_word(k + 4u));
      take(&a0, &s0, w[5], x[xa + 5u], norm_word(k + 5u));
      take(&a0, &s0, w[6], x[xa + 6u], norm_word(k + 6u));
      take(&a0, &s0, w[7], x[xa + 7u], norm_word(k + 7u));
    }
  } else {
    let words = words_per_group();
    for (var group = 0u; group < params.num_groups; group++) {
      let w = dequant32(base + group);
      for (var i = 0u; i < words; i++) {
        let k = group * 8u + i;
        let wi = w[i];
        let norm = norm_word(k);
        take(&a0, &s0, wi, x[xb.x + k], norm);
        take(&a1, &s1, wi, x[xb.y + k], norm);
        take(&a2, &s2, wi, x[xb.z + k], norm);
        take(&a3, &s3, wi, x[xb.w + k], norm);
      }
    }
  }
  let scales = row_scales(vec4<f32>(sum4(s0), sum4(s1), sum4(s2), sum4(s3)));
  if (n < params.num_out) {
    store_scaled(at.x, n, sum4(a0), scales.x);
    if (count > 1u) { store_scaled(at.y, n, sum4(a1), scales.y); }
    if (count > 2u) { store_scaled(at.z, n, sum4(a2), scales.z); }
    if (count > 3u) { store_scaled(at.w, n, sum4(a3), scales.w); }
  }
}
