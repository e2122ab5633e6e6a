// Keys and values as halves, two in a u32. The pool's unit: two adjacent elements when written, four when read.
alias KvPair = u32;
alias KvQuad = vec2<u32>;

fn pack_kv(pair: vec2<f32>) -> KvPair {
  return pack2x16float(clamp(pair, vec2<f32>(-65504.0), vec2<f32>(65504.0)));
}

fn unpack_kv(quad: KvQuad) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(quad.x), unpack2x16float(quad.y));
}
