// The selective scan of a state space model, a thread a channel of a sequence: the channel's state m in hand, it walks the
// sequence's rows. m decays, takes in B times the input, and C reads it; a skip and a gate close the block. Where delta, decay,
// B and C come from, `Input` and `input_of` say. STATE comes before this text.
struct SsmScanParams {
  num_channels: u32,
  num_heads: u32,
  num_groups: u32,    // of heads, with a B and a C each
  x_stride: u32,      // floats of a row of inputs
  gate_stride: u32,
  gate_offset: u32,
  delta_stride: u32,
  delta_offset: u32,
  out_stride: u32,
}

const WORDS = STATE / 4u;

@group(0) @binding(0) var<uniform> params: SsmScanParams;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
@group(0) @binding(2) var<storage, read> row_slots: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> projected: array<f32>; // with the gates
@group(0) @binding(5) var<storage, read> constants: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<vec4<f32>>; // [slot][WORDS][channel]
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let c = gid.x;
  let num_channels = params.num_channels;
  if (c < num_channels) {
    let span = spans[gid.y];
    var m = array<vec4<f32>, WORDS>();
    if (span.from_slot != NO_SLOT) {
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] = state[(span.from_slot * WORDS + i) * num_channels + c];
      }
    }
    let skip = skip_of(c);
    for (var r = 0u; r < span.num_rows; r += 1u) {
      let row = span.first_row + r;
      let u = x[row * params.x_stride + c];
      let delta = softplus(delta_of(row, c));
      let even = even_decay(delta, c);
      let b = b_of(row, c);
      let taken = delta * u;
      var read = vec4<f32>();
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] = fma(m[i], decay_of(even, delta, c, i), taken * four_of(b + 4u * i));
        read = fma(m[i], four_of(b + c_offset() + 4u * i), read);
      }
      let y = fma(skip, u, (read.x + read.y) + (read.z + read.w));
      out[row * params.out_stride + c] = activated(projected[row * params.gate_stride + params.gate_offset + c], y);
      let slot = row_slots[row];
      if (slot != NO_SLOT) {
        for (var i = 0u; i < WORDS; i += 1u) {
          state[(slot * WORDS + i) * num_channels + c] = m[i];
        }
      }
    }
  }
}
