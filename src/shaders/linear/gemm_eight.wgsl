// One output of eight rows of x, weights dequantised once for the eight: four partial sums along k each. `base`: the first
// group of the row of weights; `low`, `high`: first words of the rows of x; `words`: 8, of a group.
struct Eight {
  a: vec4<f32>,
  b: vec4<f32>,
  c: vec4<f32>,
  d: vec4<f32>,
  e: vec4<f32>,
  f: vec4<f32>,
  g: vec4<f32>,
  h: vec4<f32>,
}

fn products_of_eight(base: u32, low: vec4<u32>, high: vec4<u32>, words: u32) -> Eight {
  var a = vec4<f32>();
  var b = vec4<f32>();
  var c = vec4<f32>();
  var d = vec4<f32>();
  var e = vec4<f32>();
  var f = vec4<f32>();
  var g = vec4<f32>();
  var h = vec4<f32>();
  for (var group = 0u; group < params.num_groups; group++) {
    let w = dequant32(base + group);
    let at = group * 8u;
    for (var i = 0u; i < words; i++) {
      let wi = w[i];
      a = fma(wi, x[low.x + at + i], a);
      b = fma(wi, x[low.y + at + i], b);
      c = fma(wi, x[low.z + at + i], c);
      d = fma(wi, x[low.w + at + i], d);
      e = fma(wi, x[high.x + at + i], e);
      f = fma(wi, x[high.y + at + i], f);
      g = fma(wi, x[high.z + at + i], g);
      h = fma(wi, x[high.w + at + i], h);
    }
  }
  return Eight(a, b, c, d, e, f, g, h);
}
