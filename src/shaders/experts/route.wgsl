// Chooses the experts of each row and their weights: a workgroup a row, its lanes share the experts. An expert's slot is the
// number of experts that come before it (a greater key; of equal keys the lower index), so there is no sort and no order of
// writes. Sums go over the experts by their index, or over the slots, so they are the same in every lane.
const MAX_EXPERTS = 512u;
const MAX_USED = 32u;
const LOWEST = -3.0e38;

struct RouteParams {
  num_experts: u32,
  num_used: u32,
  logits_stride: u32,   // floats; behind the logits of the experts may be that of the shared one
  sigmoid: u32,         // 1: sigmoids of the logits; 0: their softmax
  normalised: u32,      // 1: the weights of a row are divided by their sum
  has_bias: u32,        // 1: what is compared, and it alone, has a bias
  num_groups: u32,      // neighbouring experts; 1: no groups
  num_groups_used: u32, // groups with the greatest sums of two keys, among which experts are chosen
  shared_gate: u32,     // 1: the shared expert's weight is the sigmoid of its logit; 0: 1
  has_factors: u32,     // 1: each expert has a factor of its own for its weight
  scale: f32,           // of the weights
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> params: RouteParams;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;           // [num_experts]
@group(0) @binding(4) var<storage, read_write> ids: array<u32>;      // [row][num_used]
@group(0) @binding(5) var<storage, read_write> weights: array<f32>;  // [row][num_used + 1], the last the shared expert's
@group(0) @binding(6) var<storage, read> factors: array<f32>;        // [num_experts]

var<workgroup> keys: array<f32, MAX_EXPERTS>;
var<workgroup> scores: array<f32, MAX_EXPERTS>;
var<workgroup> chosen: array<f32, MAX_USED>;
var<workgroup> chosen_factors: array<f32, MAX_USED>;

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(min(-x, 80.0)));
}

fn group_score(group: u32) -> f32 {
  let size = params.num_experts / params.num_groups;
  var first = LOWEST;
  var second = LOWEST;
  for (var e = group * size; e < (group + 1u) * size; e++) {
    second = max(second, min(first, keys[e]));
    first = max(first, keys[e]);
  }
  return first + second;
}

// Whether a group is among those that may be chosen from.
fn is_open(group: u32) -> bool {
  let score = group_score(group);
  var before = 0u;
  for (var other = 0u; other < params.num_groups; other++) {
    let rival = group_score(other);
    before += select(0u, 1u, rival > score || (rival == score && other < group));
  }
  return before < params.num_groups_used;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let row = wid.x;
  let n = params.num_experts;
  for (var e = tid; e < n; e += 64u) {
    keys[e] = logits[row * params.logits_stride + e];
  }
  workgroupBarrier();
  var top = LOWEST;
  for (var e = 0u; e < n; e++) {
    top = max(top, keys[e]);
  }
  for (var e = tid; e < n; e += 64u) {
    scores[e] = select(exp(keys[e] - top), sigmoid(keys[e]), params.sigmoid == 1u);
  }
  workgroupBarrier();
  var total = 1.0; // what turns scores into probabilities
  if (params.sigmoid == 0u) {
    total = 0.0;
    for (var e = 0u; e < n; e++) {
      total += scores[e];
    }
  }
  // Probabilities are in the order of the logits, whose differences are not rounded away.
  for (var e = tid; e < n; e += 64u) {
    if (params.has_bias == 1u) {
      keys[e] = scores[e] / total + bias[e];
    }
  }
  workgroupBarrier();
  if (params.num_groups > 1u) {
    let size = n / params.num_groups;
    var open = array<bool, 8>();
    for (var e = tid; e < n; e += 64u) {
      open[e / 64u] = is_open(e / size);
    }
    workgroupBarrier();
    for (var e = tid; e < n; e += 64u) {
      keys[e] = select(LOWEST, keys[e], open[e / 64u]);
    }
    workgroupBarrier();
  }
  for (var e = tid; e < n; e += 64u) {
    let key = keys[e];
    var slot = 0u;
    for (var other = 0u; other < n; other++) {
      let rival = keys[other];
      slot += select(0u, 1u, rival > key || (rival == key && other < e));
    }
    if (slot < params.num_used) {
      ids[row * params.num_used + slot] = e;
      chosen[slot] = scores[e] / total;
      chosen_factors[slot] = select(1.0, factors[e], params.has_factors == 1u);
    }
  }
  workgroupBarrier();
  let pitch = params.num_used + 1u;
  if (tid < params.num_used) {
    var sum = 0.0;
    for (var slot = 0u; slot < params.num_used; slot++) {
      sum += chosen[slot];
    }
    // The least sum that divides, 2^-14, as in llama.cpp.
    let divisor = select(1.0, max(sum, 6.103515625e-5), params.normalised == 1u);
    weights[row * pitch + tid] = chosen[tid] / divisor * params.scale * chosen_factors[tid];
  }
  if (tid == 63u) {
    weights[row * pitch + params.num_used] =
      select(1.0, sigmoid(logits[row * params.logits_stride + n]), params.shared_gate == 1u);
  }
}
