// Generated rows on software adapters: a thread an output, no barrier, up to four rows of x a pass. The order of a
// row's sum is the same in the one-row and the four-row branch: four partial sums along k, then (x + y) + (z + w).
fn sum4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
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
  if (count == 1u) {
    let at = (rows.x + first) * pitch;
    var acc = vec4<f32>();
    for (var group = 0u; group < params.num_groups; group++) {
      let w = dequant32(base + group);
      let xa = at + group * 8u;
      acc = fma(w[0], x[xa], acc);
      acc = fma(w[1], x[xa + 1u], acc);
      acc = fma(w[2], x[xa + 2u], acc);
      acc = fma(w[3], x[xa + 3u], acc);
      acc = fma(w[4], x[xa + 4u], acc);
      acc = fma(w[5], x[xa + 5u], acc);
      acc = fma(w[6], x[xa + 6u], acc);
      acc = fma(w[7], x[xa + 7u], acc);
    }
    if (n < params.num_out) {
      store(rows.x + first, n, sum4(acc));
    }
  } else {
    let at = vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
    let xb = at * vec4<u32>(pitch);
    // 8, but not so that a compiler knows: unrolled, this loop takes seconds to compile on lavapipe.
    let words = params.x_stride / (params.num_groups * 4u);
    var a0 = vec4<f32>();
    var a1 = vec4<f32>();
    var a2 = vec4<f32>();
    var a3 = vec4<f32>();
    for (var group = 0u; group < params.num_groups; group++) {
      let w = dequant32(base + group);
      let xa = xb + vec4<u32>(group * 8u);
      for (var i = 0u; i < words; i++) {
        let wi = w[i];
        a0 = fma(wi, x[xa.x + i], a0);
        a1 = fma(wi, x[xa.y + i], a1);
        a2 = fma(wi, x[xa.z + i], a2);
        a3 = fma(wi, x[xa.w + i], a3);
      }
    }
    if (n < params.num_out) {
      store(at.x, n, sum4(a0));
      if (count > 1u) { store(at.y, n, sum4(a1)); }
      if (count > 2u) { store(at.z, n, sum4(a2)); }
      if (count > 3u) { store(at.w, n, sum4(a3)); }
    }
  }
}
