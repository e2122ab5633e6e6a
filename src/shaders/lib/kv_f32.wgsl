// Keys and values as f32. The pool's unit: two adjacent elements when written, four when read.
alias KvPair = vec2<f32>;
alias KvQuad = vec4<f32>;

fn pack_kv(pair: vec2<f32>) -> KvPair {
  return pair;
}

fn unpack_kv(quad: KvQuad) -> vec4<f32> {
  return quad;
}
