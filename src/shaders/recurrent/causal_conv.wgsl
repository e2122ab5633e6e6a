// A causal convolution of every channel for itself: a thread a channel of a sequence, which walks the sequence's rows with the
// inputs of the last tokens at hand. What goes in and comes out, `input_of` and `output_of` say. TAPS comes before this text.
const TAIL = TAPS - 1u;

@group(0) @binding(0) var<uniform> params: CausalConvParams;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
@group(0) @binding(2) var<storage, read> row_slots: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;       // [channel][TAPS]
@group(0) @binding(4) var<storage, read> bias: array<f32>;         // [channel], where has_bias is 1
@group(0) @binding(5) var<storage, read> x: array<f32>;            // [row][x_stride]
@group(0) @binding(6) var<storage, read_write> tail: array<f32>;   // [slot][TAIL][channel], the oldest first
@group(0) @binding(7) var<storage, read_write> out: array<f32>;    // [row][out_stride]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let c = gid.x;
  let channels = params.num_channels;
  if (c < channels) {
    let span = spans[gid.y];
    var seen = array<f32, TAIL>();
    if (span.from_slot != NO_SLOT) {
      for (var k = 0u; k < TAIL; k += 1u) {
        seen[k] = tail[(span.from_slot * TAIL + k) * channels + c];
      }
    }
    var start = 0.0;
    if (params.has_bias == 1u) {
      start = bias[c];
    }
    for (var i = 0u; i < span.num_rows; i += 1u) {
      let row = span.first_row + i;
      let input = input_of(row, c);
      var sum = start;
      for (var k = 0u; k < TAIL; k += 1u) {
        sum = fma(weight[c * TAPS + k], seen[k], sum);
      }
      sum = fma(weight[c * TAPS + TAIL], input, sum);
      for (var k = 0u; k + 1u < TAIL; k += 1u) {
        seen[k] = seen[k + 1u];
      }
      seen[TAIL - 1u] = input;
      out[row * params.out_stride + c] = output_of(sum, row, c);
      let slot = row_slots[row];
      if (slot != NO_SLOT) {
        for (var k = 0u; k < TAIL; k += 1u) {
          tail[(slot * TAIL + k) * channels + c] = seen[k];
        }
      }
    }
  }
}
