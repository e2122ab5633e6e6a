// Products of rows that were rounded to signed bytes with a scale for each 32 (quantise/) with weights that are signed bytes
// too: integers within a group, and f32 along the groups, value * scale of x fused to the sum.
@group(0) @binding(4) var<storage, read> x: array<vec4<u32>>; // two words a group
@group(0) @binding(7) var<storage, read> x_scales: array<vec2<f32>>; // of a group: scale, and sum of its bytes

struct Int8Group {
  a: vec4<u32>, // weights 0..15, four a u32
  b: vec4<u32>, // 16..31
  scale: vec2<f32>, // see int8_value of the type
}

fn dot16(w: vec4<u32>, v: vec4<u32>) -> i32 {
  return (dot4(w.x, v.x) + dot4(w.y, v.y)) + (dot4(w.z, v.z) + dot4(w.w, v.w));
}

// A group of x.
struct RowGroup {
  a: vec4<u32>,
  b: vec4<u32>,
  scale: f32,
  sum: f32,
}

fn row_group(at: u32) -> RowGroup {
  let s = x_scales[at];
  return RowGroup(x[at * 2u], x[at * 2u + 1u], s.x, s.y);
}

// sum + the product of two groups.
fn add_group(w: Int8Group, v: RowGroup, sum: f32) -> f32 {
  return fma(v.scale, int8_value(w.scale, dot16(w.a, v.a), dot16(w.b, v.b), v.sum), sum);
}
