/**
 * What ggml's tensor types are called and how large their blocks are: facts of the file format, from which the size of
 * any tensor follows. It does not know which types the runtime can compute with; that is the kernels' business.
 *
 * Numbers 4 and 5 (Q4_2, Q4_3) were given up before GGUF existed and are in no such file. 31 to 33 and 36 to 38 were
 * rearrangements of Q4_0 and IQ4_NL for certain CPUs; files with them exist, nothing writes them any more.
 */

export interface GgmlType {
  readonly id: number;
  readonly name: string;
  /** Elements of one block; the length of a row is a multiple of it. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

/** Rows of [id, name, elements of a block, bytes of a block]. */
const FACTS: readonly (readonly [number, string, number, number])[] = [
  [0, 'F32', 1, 4],
  [1, 'F16', 1, 2],
  [2, 'Q4_0', 32, 18],
  [3, 'Q4_1', 32, 20],
  [6, 'Q5_0', 32, 22],
  [7, 'Q5_1', 32, 24],
  [8, 'Q8_0', 32, 34],
  [9, 'Q8_1', 32, 36],
  [10, 'Q2_K', 256, 84],
  [11, 'Q3_K', 256, 110],
  [12, 'Q4_K', 256, 144],
  [13, 'Q5_K', 256, 176],
  [14, 'Q6_K', 256, 210],
  [15, 'Q8_K', 256, 292],
  [16, 'IQ2_XXS', 256, 66],
  [17, 'IQ2_XS', 256, 74],
  [18, 'IQ3_XXS', 256, 98],
  [19, 'IQ1_S', 256, 50],
  [20, 'IQ4_NL', 32, 18],
  [21, 'IQ3_S', 256, 110],
  [22, 'IQ2_S', 256, 82],
  [23, 'IQ4_XS', 256, 136],
  [24, 'I8', 1, 1],
  [25, 'I16', 1, 2],
  [26, 'I32', 1, 4],
  [27, 'I64', 1, 8],
  [28, 'F64', 1, 8],
  [29, 'IQ1_M', 256, 56],
  [30, 'BF16', 1, 2],
  [31, 'Q4_0_4_4', 32, 18],
  [32, 'Q4_0_4_8', 32, 18],
  [33, 'Q4_0_8_8', 32, 18],
  [34, 'TQ1_0', 256, 54],
  [35, 'TQ2_0', 256, 66],
  [36, 'IQ4_NL_4_4', 32, 18],
  [37, 'IQ4_NL_4_8', 32, 18],
  [38, 'IQ4_NL_8_8', 32, 18],
  [39, 'MXFP4', 32, 17],
  [40, 'NVFP4', 64, 36],
  [41, 'Q1_0', 128, 18],
  [42, 'Q2_0', 64, 18],
];

/** Every type whose size is known, by its number in the file. */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map(
  FACTS.map(([id, name, blockElements, blockBytes]) => [id, { id, name, blockElements, blockBytes }]),
);

const BY_NAME: ReadonlyMap<string, GgmlType> = new Map([...GGML_TYPES.values()].map((type) => [type.name, type]));

/** The type called `name`, e.g. `Q4_K`; undefined when there is none. */
export function ggmlTypeNamed(name: string): GgmlType | undefined {
  return BY_NAME.get(name);
}
