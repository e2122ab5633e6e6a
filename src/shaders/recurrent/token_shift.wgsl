// Token shift (https://arxiv.org/abs/2503.14456): each row mixed with the one before it, channel by channel, in MIXES ways. A
// thread a channel of a sequence, which walks the sequence's rows with the last input at hand. MIXES comes before this text.
struct TokenShiftParams {
  num_channels: u32,
  x_stride: u32,     // floats of a row of inputs
  out_stride: u32,
  part_stride: u32,  // floats from the rows of a mix to those of the next
}

@group(0) @binding(0) var<uniform> params: TokenShiftParams;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
@group(0) @binding(2) var<storage, read> row_slots: array<u32>;
@group(0) @binding(3) var<storage, read> lerp: array<f32>;        // [MIXES][channel]: how much there is of the row before
@group(0) @binding(4) var<storage, read> x: array<f32>;           // [row][x_stride]
@group(0) @binding(5) var<storage, read_write> last: array<f32>;  // [slot][channel]
@group(0) @binding(6) var<storage, read_write> out: array<f32>;   // [MIXES][row][out_stride]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let c = gid.x;
  let channels = params.num_channels;
  if (c < channels) {
    let span = spans[gid.y];
    var before = 0.0;
    if (span.from_slot != NO_SLOT) {
      before = last[span.from_slot * channels + c];
    }
    for (var i = 0u; i < span.num_rows; i += 1u) {
      let row = span.first_row + i;
      let input = x[row * params.x_stride + c];
      let change = before - input;
      for (var m = 0u; m < MIXES; m += 1u) {
        out[m * params.part_stride + row * params.out_stride + c] = fma(change, lerp[m * channels + c], input);
      }
      before = input;
      let slot = row_slots[row];
      if (slot != NO_SLOT) {
        last[slot * channels + c] = input;
      }
    }
  }
}
