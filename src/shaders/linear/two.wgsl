// Two outputs of a thread at once, for one row of x. Word by word, so that few numbers are alive: SwiftShader keeps what is
// alive for long in memory, and its code has to fit into a core's cache. The order of each sum is that of four.wgsl.
struct Two {
  a: vec4<f32>,
  b: vec4<f32>,
}

fn take_words(sums: Two, a: Group, b: Group, l: LaneX) -> Two {
  let v0 = x0(l);
  let a0 = fma(word0(a), v0, sums.a);
  let b0 = fma(word0(b), v0, sums.b);
  let v1 = x1(l);
  let a1 = fma(word1(a), v1, a0);
  let b1 = fma(word1(b), v1, b0);
  let v2 = x2(l);
  let a2 = fma(word2(a), v2, a1);
  let b2 = fma(word2(b), v2, b1);
  let v3 = x3(l);
  let a3 = fma(word3(a), v3, a2);
  let b3 = fma(word3(b), v3, b2);
  let v4 = x4(l);
  let a4 = fma(word4(a), v4, a3);
  let b4 = fma(word4(b), v4, b3);
  let v5 = x5(l);
  let a5 = fma(word5(a), v5, a4);
  let b5 = fma(word5(b), v5, b4);
  let v6 = x6(l);
  let a6 = fma(word6(a), v6, a5);
  let b6 = fma(word6(b), v6, b5);
  let v7 = x7(l);
  return Two(fma(word7(a), v7, a6), fma(word7(b), v7, b6));
}
