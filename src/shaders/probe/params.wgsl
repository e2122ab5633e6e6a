// What every probe is told. Nothing of it is known when it is compiled, so nothing can be computed ahead.
struct ProbeParams {
  num_iterations: u32,
  step: u32,
  mask: u32,
  factor: f32,
  addend: f32,
}

@group(0) @binding(0) var<uniform> params: ProbeParams;
