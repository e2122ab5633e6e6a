// The recurrence of RWKV 7 (https://arxiv.org/abs/2503.14456), a thread a value element of a head of a sequence: its column m of
// the state in hand, it walks the sequence's rows. Each element of m decays by its own factor; what the unit key finds in m is taken
// away as far as the rate says; the value is put in along the key; the receptance reads it. STATE (the elements of a head) comes
// before this text.
struct WkvParams {
  num_channels: u32,
  row_stride: u32,  // in fours
  out_stride: u32,
}

const WORDS = STATE / 4u;

@group(0) @binding(0) var<uniform> params: WkvParams;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
@group(0) @binding(2) var<storage, read> row_slots: array<u32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4<f32>>;        // [row][7][channel]
@group(0) @binding(4) var<storage, read_write> state: array<vec4<f32>>; // [slot][WORDS][channel]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let c = gid.x;
  let num_channels = params.num_channels;
  if (c < num_channels) {
    let n = num_channels / 4u;
    let head = (c / STATE) * WORDS;
    let span = spans[gid.y];
    var m = array<vec4<f32>, WORDS>();
    if (span.from_slot != NO_SLOT) {
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] = state[(span.from_slot * WORDS + i) * num_channels + c];
      }
    }
    for (var r = 0u; r < span.num_rows; r += 1u) {
      let row = span.first_row + r;
      let first = row * params.row_stride;
      let at = first + head;
      var found = vec4<f32>();
      for (var i = 0u; i < WORDS; i += 1u) {
        found = fma(m[i], rows[at + RESIDUAL * n + i], found);
      }
      let taken = vec4<f32>(-((found.x + found.y) + (found.z + found.w)));
      let value = vec4<f32>(rows[first + VALUE * n + c / 4u][c % 4u]);
      var read = vec4<f32>();
      for (var i = 0u; i < WORDS; i += 1u) {
        let less = fma(m[i], rows[at + DECAY * n + i], taken * rows[at + RATE * n + i]);
        m[i] = fma(value, rows[at + KEY * n + i], less);
        read = fma(m[i], rows[at + RECEPTANCE * n + i], read);
      }
      out[row * params.out_stride + c] = (read.x + read.y) + (read.z + read.w);
      let slot = row_slots[row];
      if (slot != NO_SLOT) {
        for (var i = 0u; i < WORDS; i += 1u) {
          state[(slot * WORDS + i) * num_channels + c] = m[i];
        }
      }
    }
  }
}
