// The rows of x in f32.
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;
