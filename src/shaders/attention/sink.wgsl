// An attention sink: a learned logit of each head that takes its share of the softmax and has no value
// (https://arxiv.org/abs/2309.17453). `sinks`, of the heads, is the binding behind all others.
// What the weighted sum of the values is multiplied with, and divided by, given the largest score and the sum of the weights.
fn with_sink(head: u32, top: f32, sum: f32) -> vec2<f32> {
  let sink = sinks[head];
  let new_top = max(top, sink);
  let fade = exp(top - new_top);
  return vec2<f32>(fade, fma(sum, fade, exp(sink - new_top)));
}
