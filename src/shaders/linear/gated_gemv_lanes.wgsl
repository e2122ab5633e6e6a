// Generated rows on GPUs, gate and up at once: 32 lanes an output, a group of 32 weights of either a lane and step, up to
// four rows of x a pass. The orders of sums are those of linear_gemv_lanes.wgsl.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = generated_rows();
  let team = tid >> 5u;
  let lane = tid & 31u;
  let n = (wid.x + wid.z * 32768u) * 2u + team;
  let row = min(n, params.split_at - 1u);
  let first = wid.y * 4u;
  let count = min(rows.y - first, 4u);
  let pitch = params.x_stride >> 2u;
  let words = words_per_group();
  let gate_base = row * params.num_groups;
  let up_base = (params.split_at + row) * params.num_groups;
  let at = vec4<u32>(rows.x + first) + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
  let xb = vec4<u32>(x_row(at.x), x_row(at.y), x_row(at.z), x_row(at.w)) * vec4<u32>(pitch);
  var r0 = GateUp();
  var r1 = GateUp();
  var r2 = GateUp();
  var r3 = GateUp();
  for (var group = lane; group < params.num_groups; group += 32u) {
    let gate = dequant32(gate_base + group);
    let up = dequant32(up_base + group);
    let k0 = group * 8u;
    if (count == 1u) {
      for (var i = 0u; i < words; i++) {
        take(&r0, gate[i], up[i], x[xb.x + k0 + i], norm_word(k0 + i));
      }
    } else {
      for (var i = 0u; i < words; i++) {
        let wg = gate[i];
        let wu = up[i];
        let norm = norm_word(k0 + i);
        take(&r0, wg, wu, x[xb.x + k0 + i], norm);
        take(&r1, wg, wu, x[xb.y + k0 + i], norm);
        take(&r2, wg, wu, x[xb.z + k0 + i], norm);
        take(&r3, wg, wu, x[xb.w + k0 + i], norm);
      }
    }
  }
  let gates = tree32(vec4<f32>(sum4(r0.gate), sum4(r1.gate), sum4(r2.gate), sum4(r3.gate)), team, lane);
  let ups = tree32(vec4<f32>(sum4(r0.up), sum4(r1.up), sum4(r2.up), sum4(r3.up)), team, lane);
  var squares = vec4<f32>();
  if (NORMED) {
    squares = tree32(vec4<f32>(sum4(r0.squares), sum4(r1.squares), sum4(r2.squares), sum4(r3.squares)), team, lane);
  }
  let scales = row_scales(squares);
  if (n < params.split_at && lane < count) {
    store_gated(rows.x + first + lane, n, gates[lane], ups[lane], scales[lane]);
  }
}
