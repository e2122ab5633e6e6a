// Q8_0: 2 words of signed bytes a group, one half scale.
struct Group {
  a: vec4<u32>,
  b: vec4<u32>,
  d: f32,
}

fn group_at(group: u32) -> Group {
  let d = half_of(ws[group >> 1u], group) * UNITS.w;
  return Group(wq[group * 2u], wq[group * 2u + 1u], d);
}

fn word0(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.a.x) * g.d; }
fn word1(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.a.y) * g.d; }
fn word2(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.a.z) * g.d; }
fn word3(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.a.w) * g.d; }
fn word4(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.b.x) * g.d; }
fn word5(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.b.y) * g.d; }
fn word6(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.b.z) * g.d; }
fn word7(g: Group) -> vec4<f32> { return signed_bytes_at_top(g.b.w) * g.d; }
