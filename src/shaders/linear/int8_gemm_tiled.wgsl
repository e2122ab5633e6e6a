// Prompt rows on GPUs in int8: a tile of 32 rows x 64 outputs a workgroup, a group of 32 a step through shared memory. Each
// of 64 threads owns 4 rows x 8 outputs, both 8 apart, so that neighbours read neighbouring rows of the tiles. A row's sum
// goes along the groups, whatever tile the row is in.
const TILE_M = 32u;
const TILE_N = 64u;
const PITCH = 3u; // two words, and one against bank conflicts

var<workgroup> xs: array<vec4<u32>, 96>; // [TILE_M][PITCH]
var<workgroup> xs_scales: array<vec2<f32>, 32>;
var<workgroup> wt: array<vec4<u32>, 192>; // [TILE_N][PITCH]
var<workgroup> wt_scales: array<vec2<f32>, 64>;

// Four rows of the tile.
struct FourRows {
  a: RowGroup,
  b: RowGroup,
  c: RowGroup,
  d: RowGroup,
}

fn tile_row(m: u32) -> RowGroup {
  let s = xs_scales[m];
  return RowGroup(xs[m * PITCH], xs[m * PITCH + 1u], s.x, s.y);
}

// An output of the tile, for four rows.
fn add_column(n: u32, v: FourRows, sums: vec4<f32>) -> vec4<f32> {
  let w = Int8Group(wt[n * PITCH], wt[n * PITCH + 1u], wt_scales[n]);
  return vec4<f32>(add_group(w, v.a, sums.x), add_group(w, v.b, sums.y), add_group(w, v.c, sums.z), add_group(w, v.d, sums.w));
}

fn store_column(rows: vec2<u32>, m: u32, n: u32, sums: vec4<f32>) {
  if (n < params.num_out) {
    if (m < rows.y) { store(rows.x + m, n, sums.x); }
    if (m + 8u < rows.y) { store(rows.x + m + 8u, n, sums.y); }
    if (m + 16u < rows.y) { store(rows.x + m + 16u, n, sums.z); }
    if (m + 24u < rows.y) { store(rows.x + m + 24u, n, sums.w); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let rows = prompt_rows();
  let m0 = wid.y * TILE_M;
  let n0 = (wid.x + wid.z * 32768u) * TILE_N;
  let tm = tid >> 3u; // its rows are tm, tm + 8, tm + 16, tm + 24
  let tn = tid & 7u;  // its outputs are tn, tn + 8, ..., tn + 56
  let base = min(n0 + tid, params.num_out - 1u) * params.num_groups;
  // Two threads load a row.
  let loaded = tid >> 1u;
  let from_group = (rows.x + min(m0 + loaded, rows.y - 1u)) * params.num_groups;
  var c0 = vec4<f32>();
  var c1 = vec4<f32>();
  var c2 = vec4<f32>();
  var c3 = vec4<f32>();
  var c4 = vec4<f32>();
  var c5 = vec4<f32>();
  var c6 = vec4<f32>();
  var c7 = vec4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    xs[loaded * PITCH + (tid & 1u)] = x[(from_group + group) * 2u + (tid & 1u)];
    if ((tid & 1u) == 0u) {
      xs_scales[loaded] = x_scales[from_group + group];
    }
    let w = int8_group(base + group);
    wt[tid * PITCH] = w.a;
    wt[tid * PITCH + 1u] = w.b;
    wt_scales[tid] = w.scale;
    workgroupBarrier();
    let v = FourRows(tile_row(tm), tile_row(tm + 8u), tile_row(tm + 16u), tile_row(tm + 24u));
    c0 = add_column(tn, v, c0);
    c1 = add_column(tn + 8u, v, c1);
    c2 = add_column(tn + 16u, v, c2);
    c3 = add_column(tn + 24u, v, c3);
    c4 = add_column(tn + 32u, v, c4);
    c5 = add_column(tn + 40u, v, c5);
    c6 = add_column(tn + 48u, v, c6);
    c7 = add_column(tn + 56u, v, c7);
    workgroupBarrier();
  }
  let m = m0 + tm;
  let n = n0 + tn;
  store_column(rows, m, n, c0);
  store_column(rows, m, n + 8u, c1);
  store_column(rows, m, n + 16u, c2);
  store_column(rows, m, n + 24u, c3);
  store_column(rows, m, n + 32u, c4);
  store_column(rows, m, n + 40u, c5);
  store_column(rows, m, n + 48u, c6);
  store_column(rows, m, n + 56u, c7);
}
