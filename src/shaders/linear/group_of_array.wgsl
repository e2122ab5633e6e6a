// For types without words of their own: a group is its array.
struct Group {
  w: array<vec4<f32>, 8>,
}

fn group_at(group: u32) -> Group {
  return Group(dequant32(group));
}

fn weights_of(g: Group) -> array<vec4<f32>, 8> {
  return g.w;
}

fn word0(g: Group) -> vec4<f32> { return g.w[0]; }
fn word1(g: Group) -> vec4<f32> { return g.w[1]; }
fn word2(g: Group) -> vec4<f32> { return g.w[2]; }
fn word3(g: Group) -> vec4<f32> { return g.w[3]; }
fn word4(g: Group) -> vec4<f32> { return g.w[4]; }
fn word5(g: Group) -> vec4<f32> { return g.w[5]; }
fn word6(g: Group) -> vec4<f32> { return g.w[6]; }
fn word7(g: Group) -> vec4<f32> { return g.w[7]; }
