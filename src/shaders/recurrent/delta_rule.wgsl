// The gated delta rule (https://arxiv.org/abs/2412.06464), a thread a value element of a head of a sequence: its column m of the
// state in hand, it walks the sequence's rows. m decays by g; what the key finds in it is replaced, as far as beta says, by the
// value; the query reads it. STATE (the elements of a head) comes before this text.
struct DeltaRuleParams {
  num_key_heads: u32,
  num_value_heads: u32,
  qkv_stride: u32,    // floats of a row of queries, keys and values
  gates_stride: u32,
  beta_offset: u32,   // where in a row of gates the betas begin
  alpha_offset: u32,
  interleaved: u32,   // 1: key head h serves value heads h, h + num_key_heads, ..; 0: neighbours, their gates key head by key head
  out_stride: u32,
  scale: f32,
}

const WORDS = STATE / 4u;

@group(0) @binding(0) var<uniform> params: DeltaRuleParams;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
@group(0) @binding(2) var<storage, read> row_slots: array<u32>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> gates: array<f32>;
@group(0) @binding(5) var<storage, read> decay: array<f32>;             // [2][value head]: a, and what is added to alpha
@group(0) @binding(6) var<storage, read_write> state: array<vec4<f32>>; // [slot][WORDS][value head][STATE]
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

fn four_of(at: u32) -> vec4<f32> {
  return vec4<f32>(qkv[at], qkv[at + 1u], qkv[at + 2u], qkv[at + 3u]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let c = gid.x;
  let num_columns = params.num_value_heads * STATE;
  if (c < num_columns) {
    let head = c / STATE;
    let per_key = params.num_value_heads / params.num_key_heads;
    var key_head = head % params.num_key_heads;
    var gate = head;
    if (params.interleaved == 0u) {
      key_head = head / per_key;
      // Of a key head the betas of its value heads, then their alphas.
      gate = key_head * per_key + head;
    }
    let a = decay[head];
    let shift = decay[params.num_value_heads + head];
    let span = spans[gid.y];
    var m = array<vec4<f32>, WORDS>();
    if (span.from_slot != NO_SLOT) {
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] = state[(span.from_slot * WORDS + i) * num_columns + c];
      }
    }
    for (var r = 0u; r < span.num_rows; r += 1u) {
      let row = span.first_row + r;
      let q = row * params.qkv_stride + key_head * STATE;
      let k = q + params.num_key_heads * STATE;
      let v = qkv[row * params.qkv_stride + 2u * params.num_key_heads * STATE + c];
      let beta = 1.0 / (1.0 + exp(min(-gates[row * params.gates_stride + params.beta_offset + gate], 80.0)));
      let g = exp(a * softplus(gates[row * params.gates_stride + params.alpha_offset + gate] + shift));
      var found = vec4<f32>();
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] *= g;
        found = fma(m[i], four_of(k + 4u * i), found);
      }
      let change = (v - ((found.x + found.y) + (found.z + found.w))) * beta;
      var read = vec4<f32>();
      for (var i = 0u; i < WORDS; i += 1u) {
        m[i] = fma(four_of(k + 4u * i), vec4<f32>(change), m[i]);
        read = fma(m[i], four_of(q + 4u * i), read);
      }
      out[row * params.out_stride + c] = ((read.x + read.y) + (read.z + read.w)) * params.scale;
      let slot = row_slots[row];
      if (slot != NO_SLOT) {
        for (var i = 0u; i < WORDS; i += 1u) {
          state[(slot * WORDS + i) * num_columns + c] = m[i];
        }
      }
    }
  }
}
