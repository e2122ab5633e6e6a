// A group of x for a subgroup of 8 or more: a lane loads a word, and all get the eight.
struct LaneX {
  v: vec4<f32>,
}

fn lane_x(at: u32, lane: u32) -> LaneX {
  return LaneX(x[at + (lane & 7u)]);
}

fn x0(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 0u); }
fn x1(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 1u); }
fn x2(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 2u); }
fn x3(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 3u); }
fn x4(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 4u); }
fn x5(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 5u); }
fn x6(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 6u); }
fn x7(l: LaneX) -> vec4<f32> { return subgroupBroadcast(l.v, 7u); }
