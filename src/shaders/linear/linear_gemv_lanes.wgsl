// Generated rows on GPUs: 32 lanes an output, a group of 32 weights a lane and step, up to four rows of x a pass.
// The order of a row's sum (lane stride 32, four partial sums, fixed tree) is the same for any number of rows.
fn sum4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
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
  let base = row * params.num_groups;
  let at = vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
  let xb = at * vec4<u32>(pitch);
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  if (count == 1u) {
    for (var group = lane; group < params.num_groups; group += 32u) {
      let w = dequant32(base + group);
      let xa = xb.x + group * 8u;
      for (var i = 0u; i < 8u; i++) {
        a0 = fma(w[i], x[xa + i], a0);
      }
    }
  } else {
    for (var group = lane; group < params.num_groups; group += 32u) {
      let w = dequant32(base + group);
      let xa = xb + vec4<u32>(group * 8u);
      for (var i = 0u; i < 8u; i++) {
        let wi = w[i];
        a0 = fma(wi, x[xa.x + i], a0);
        a1 = fma(wi, x[xa.y + i], a1);
        a2 = fma(wi, x[xa.z + i], a2);
        a3 = fma(wi, x[xa.w + i], a3);
      }
    }
  }
  let sums = tree32(vec4<f32>(sum4(a0), sum4(a1), sum4(a2), sum4(a3)), team, lane);
  if (n < params.num_out && lane < count) {
    store(rows.x + first + lane, n, sums[lane]);
  }
}
