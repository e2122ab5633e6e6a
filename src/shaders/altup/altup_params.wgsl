// Four streams of rows, one behind the other in a buffer.
struct AltupParams {
  num_words: u32,          // of a row of a stream, in fours
  stream_words: u32,       // from a stream to the next, in fours
  coefficient_stride: u32, // floats of a row of coefficients
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: AltupParams;
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;
