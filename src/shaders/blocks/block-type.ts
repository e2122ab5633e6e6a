/**
 * What a quantisation type is to the runtime: its blocks in the file, its planes on the GPU, and how a group of 32
 * weights is read back from them. Repack, GEMV, GEMM, embedding gather and the CPU oracle all follow from this.
 * It knows nothing of tensors' names, of shards or of buffers.
 *
 * On the GPU a matrix [numRows, rowElements] is two planes in one buffer: `quants` (16-byte words) and `scales`
 * (packed halves). Rows are padded with zeros to a multiple of 32 elements; `group` counts groups of 32 through the
 * whole shard, row after row.
 */
export interface BlockType {
  readonly name: string;
  /** ggml's number for the type. */
  readonly ggmlType: number;
  /** Of a block in the file, in its order. */
  readonly fields: readonly BlockField[];
  /** Weights and bytes of one block in the file. */
  readonly blockElements: number;
  readonly blockBytes: number;
  /** Weights of one block on the GPU (a multiple of 32), and its bytes in either plane. */
  readonly gpuBlockElements: number;
  readonly quantBytes: number;
  readonly scaleBytes: number;
  /** Defines `fn dequant32(group: u32) -> array<vec4<f32>, 8>` on bindings 0 (`wq`) and 1 (`ws`). */
  readonly wgsl: string;
  /**
   * A product whose scales come after the sums, where that is less work than `dequant32`: behind `wgsl` defines
   * `const UNIT_GROUPS`, `alias Held`, an array of as many groups of x (8 words each), `struct Unit`,
   * `fn unit_at(i: u32) -> Unit`, which loads unit i of the shard (groups of other rows that it has count nothing, Held is zero there),
   * `fn sums_of_held(v: Held)`, of any type S, and `fn unit_dot(u: Unit, v: Held, sums: S) -> vec4<f32>`, the product in four partial sums.
   */
  readonly unitWgsl?: string;
  /** The same for teams of eight lanes, where smaller units leave fewer lanes without one. */
  readonly wideUnitWgsl?: string;
  /**
   * Where weights are signed bytes times a scale: behind `wgsl` defines `fn int8_group(group: u32) -> Int8Group`, the bytes of a
   * group and two numbers, and `fn int8_value(scale: vec2<f32>, a: i32, b: i32, sum: f32) -> f32`, the group's product with 32
   * integers, from those numbers, its integer products with the first and last sixteen of them, and their sum. What leaves
   * int8_value is rounded as often on every device: products that are summed are explicit `fma`.
   */
  readonly int8Wgsl?: string;
  /** Features `wgsl` needs. */
  readonly features: readonly GPUFeatureName[];
  /** Rewrites whole rows of the file's bytes into the planes (both zeroed, large enough). */
  repack(raw: Uint8Array, numRows: number, rowElements: number, quants: Uint8Array, scales: Uint8Array): void;
  /** The oracle: the weights of one block in exact arithmetic. */
  dequantizeBlock(raw: DataView, offsetBytes: number, out: Float64Array, outOffset: number): void;
}

/** A part of a block, and where it goes; within a plane the order of the file is kept. */
export interface BlockField {
  /** A number of that format, or packed integers. `e8m0`: an exponent alone, of an MX block. */
  readonly kind: 'f32' | 'f16' | 'bf16' | 'e8m0' | 'bytes';
  readonly plane: 'quants' | 'scales';
  readonly numBytes: number;
}

/** The words of the snippets that nearly every type shares. */
export const BINDINGS_WGSL = `@group(0) @binding(0) var<storage, read> wq: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> ws: array<u32>;
`;

/** `UNIT_GROUPS` of a type's `unitWgsl`. */
export function unitGroupsOf(unitWgsl: string): number {
  return Number(/UNIT_GROUPS = (\d)u/.exec(unitWgsl)?.[1]);
}

/** Elements of a row on the GPU: padded to whole groups of 32. */
export function paddedRowElements(rowElements: number): number {
  return Math.ceil(rowElements / 32) * 32;
}

/** Half-precision bits to a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Rows of which the scales fill whole 32-bit words: 1, 2 or 4. Only there can scales be written, or a tensor begin. */
export function rowsPerScaleWord(type: BlockType, rowElements: number): number {
  const scaleRowBytes = (paddedRowElements(rowElements) / type.gpuBlockElements) * type.scaleBytes;
  return scaleRowBytes % 4 === 0 ? 1 : scaleRowBytes % 2 === 0 ? 2 : 4;
}

/** Deals the fields of whole blocks to the two planes. */
export function splitPlanes(
  raw: Uint8Array,
  numBlocks: number,
  fields: readonly BlockField[],
  planes: Readonly<Record<BlockField['plane'], Uint8Array>>,
): void {
  let from = 0;
  const to = { quants: 0, scales: 0 };
  for (let block = 0; block < numBlocks; block++) {
    for (const { plane, numBytes } of fields) {
      const target = planes[plane];
      const at = to[plane];
      for (let i = 0; i < numBytes; i++) target[at + i] = raw[from + i] ?? 0;
      from += numBytes;
      to[plane] = at + numBytes;
    }
  }
}

/** Copies rows of `rowBytes` to rows of `paddedBytes`. */
export function padRows(
  raw: Uint8Array,
  numRows: number,
  rowBytes: number,
  paddedBytes: number,
  out: Uint8Array,
): void {
  if (rowBytes === paddedBytes) {
    out.set(raw.subarray(0, numRows * rowBytes));
    return;
  }
  for (let row = 0; row < numRows; row++) {
    out.set(raw.subarray(row * rowBytes, (row + 1) * rowBytes), row * paddedBytes);
  }
}
