// Entries of a table of sixteen signed bytes for the lower nibbles of the bytes of `word`. Selected and not indexed: an
// array whose index is no constant lies in memory.
fn table16(table: vec4<u32>, word: u32) -> vec4<f32> {
  let n = (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(15u);
  let odd = (n & vec4<u32>(4u)) != vec4<u32>(0u);
  let lower = select(vec4<u32>(table.x), vec4<u32>(table.y), odd);
  let upper = select(vec4<u32>(table.z), vec4<u32>(table.w), odd);
  let four = select(lower, upper, (n & vec4<u32>(8u)) != vec4<u32>(0u));
  let to_top = vec4<u32>(24u) - ((n & vec4<u32>(3u)) << vec4<u32>(3u));
  return vec4<f32>(bitcast<vec4<i32>>(four << to_top) >> vec4<u32>(24u));
}

// A group of 32 weights from a word of nibbles, low ones first: table entries times d.
fn group_of_table16(table: vec4<u32>, q: vec4<u32>, d: f32) -> array<vec4<f32>, 8> {
  let p = q >> vec4<u32>(4u);
  return array<vec4<f32>, 8>(
    table16(table, q.x) * d, table16(table, q.y) * d, table16(table, q.z) * d, table16(table, q.w) * d,
    table16(table, p.x) * d, table16(table, p.y) * d, table16(table, p.z) * d, table16(table, p.w) * d);
}

