// Sum of the products of four signed bytes, where the language or the driver has it not: the same integers.
fn four_bytes(word: u32) -> vec4<i32> {
  return bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u);
}

fn dot4(a: u32, b: u32) -> i32 {
  let p = four_bytes(a) * four_bytes(b);
  return (p.x + p.y) + (p.z + p.w);
}
