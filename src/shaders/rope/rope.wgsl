// What the kernels that rotate and append have in common: their bindings and the rotation of two adjacent elements.
struct RopeParams {
  num_heads: u32,
  num_kv_heads: u32,
  head_dim: u32,
  rot_dim: u32,
  qkv_stride: u32,    // floats
  q_stride: u32,      // floats
  block_tokens: u32,
  first_block: u32,   // of the shard
  num_blocks: u32,
  rotate_halves: u32, // 0: pairs (2i, 2i+1); 1: pairs (i, i + rot_dim/2)
  write_q: u32,
  hadamard: u32,      // quantised caches: elements of a block of the transform; 1: none
  scale: f32,         // and what it is scaled by
  angle_stride: u32,  // pairs of a row of angles, the last of them (what its queries are scaled by, unused)
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: RopeParams;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> angles: array<vec2<f32>>; // [row][angle_stride] of (cos, sin)
@group(0) @binding(4) var<storage, read> rows: array<Row>;
@group(0) @binding(5) var<storage, read_write> q_out: array<vec2<f32>>;

// Elements e and e + 1 of the head at `base`, rotated.
fn rotated(base: u32, e: u32, r: u32) -> vec2<f32> {
  let half_rot = params.rot_dim >> 1u;
  let here = vec2<f32>(qkv[base + e], qkv[base + e + 1u]);
  if (e >= params.rot_dim) {
    return here;
  }
  if (params.rotate_halves == 0u) {
    let a = angles[r * params.angle_stride + (e >> 1u)];
    return vec2<f32>(fma(here.x, a.x, -(here.y * a.y)), fma(here.x, a.y, here.y * a.x));
  }
  let is_high = e >= half_rot;
  let other_at = select(e + half_rot, e - half_rot, is_high);
  let other = vec2<f32>(qkv[base + other_at], qkv[base + other_at + 1u]);
  let i = select(e, e - half_rot, is_high);
  let a = angles[r * params.angle_stride + i];
  let b = angles[r * params.angle_stride + i + 1u];
  let sign = select(-1.0, 1.0, is_high);
  return vec2<f32>(fma(here.x, a.x, sign * (other.x * a.y)), fma(here.y, b.x, sign * (other.y * b.y)));
}

// What the queries of row r are scaled by.
fn query_scale(r: u32) -> f32 {
  return angles[r * params.angle_stride + params.angle_stride - 1u].x;
}
