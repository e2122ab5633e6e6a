// Generated rows on software adapters, gate and up at once: a thread an output, no barrier, up to four rows of x a pass.
// The orders of sums are those of linear_gemv_rows.wgsl.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let n = wid.x * 64u + tid;
  let row = min(n, params.split_at - 1u);
  let first = wid.y * 4u;
  let count = min(rows.y - first, 4u);
  let pitch = params.x_stride >> 2u;
  let gate_base = row * params.num_groups;
  let up_base = (params.split_at + row) * params.num_groups;
  let at = vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
  let xb = vec4<u32>(x_row(at.x), x_row(at.y), x_row(at.z), x_row(at.w)) * vec4<u32>(pitch);
  var r0 = GateUp();
  var r1 = GateUp();
  var r2 = GateUp();
  var r3 = GateUp();
  if (count == 1u) {
    for (var group = 0u; group < params.num_groups; group++) {
      let gate = dequant32(gate_base + group);
      let up = dequant32(up_base + group);
      let k = group * 8u;
      let xa = xb.x + k;
      take(&r0, gate[0], up[0], x[xa], norm_word(k));
      take(&r0, gate[1], up[1], x[xa + 1u], norm_word(k + 1u));
      take(&r0, gate[2], up[2], x[xa + 2u], norm_word(k + 2u));
      take(&r0, gate[3], up[3], x[xa + 3u], norm_word(k + 3u));
      take(&r0, gate[4], up[4], x[xa + 4u], norm_word(k + 4u));
      take(&r0, gate[5], up[5], x[xa + 5u], norm_word(k + 5u));
      take(&r0, gate[6], up[6], x[xa + 6u], norm_word(k + 6u));
      take(&r0, gate[7], up[7], x[xa + 7u], norm_word(k + 7u));
    }
  } else {
    let words = words_per_group();
    for (var group = 0u; group < params.num_groups; group++) {
      let gate = dequant32(gate_base + group);
      let up = dequant32(up_base + group);
      for (var i = 0u; i < words; i++) {
        let k = group * 8u + i;
        let wg = gate[i];
        let wu = up[i];
        let norm = norm_word(k);
        take(&r0, wg, wu, x[xb.x + k], norm);
        take(&r1, wg, wu, x[xb.y + k], norm);
        take(&r2, wg, wu, x[xb.z + k], norm);
        take(&r3, wg, wu, x[xb.w + k], norm);
      }
    }
  }
  let scales = row_scales(vec4<f32>(sum4(r0.squares), sum4(r1.squares), sum4(r2.squares), sum4(r3.squares)));
  if (n < params.split_at) {
    store_gated(at.x, n, sum4(r0.gate), sum4(r0.up), scales.x);
    if (count > 1u) { store_gated(at.y, n, sum4(r1.gate), sum4(r1.up), scales.y); }
    if (count > 2u) { store_gated(at.z, n, sum4(r2.gate), sum4(r2.up), scales.z); }
    if (count > 3u) { store_gated(at.w, n, sum4(r3.gate), sum4(r3.up), scales.w); }
  }
}
