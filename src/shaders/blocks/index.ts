/** Every block type the kernels can read, and the choice of a type's variant for a device. */
import { BF16 } from './bf16.ts';
import type { BlockType } from './block-type.ts';
import { F16, F16_NATIVE } from './f16.ts';
import { F32 } from './f32.ts';
import { IQ4_NL } from './iq4_nl.ts';
import { IQ4_XS } from './iq4_xs.ts';
import { MXFP4 } from './mxfp4.ts';
import { Q2_K } from './q2_k.ts';
import { Q3_K } from './q3_k.ts';
import { Q4_0 } from './q4_0.ts';
import { Q4_1 } from './q4_1.ts';
import { Q4_K } from './q4_k.ts';
import { Q5_0 } from './q5_0.ts';
import { Q5_1 } from './q5_1.ts';
import { Q5_K } from './q5_k.ts';
import { Q6_K } from './q6_k.ts';
import { Q8_0 } from './q8_0.ts';
import { TQ1_0 } from './tq1_0.ts';
import { TQ2_0 } from './tq2_0.ts';

export const BLOCK_TYPES: readonly BlockType[] = [
  ...[F32, F16, BF16],
  ...[Q4_0, Q4_1, Q5_0, Q5_1, Q8_0],
  ...[Q2_K, Q3_K, Q4_K, Q5_K, Q6_K],
  ...[IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0],
];

/** Every variant there is, for the shader lint. */
export const ALL_BLOCK_TYPES: readonly BlockType[] = [...BLOCK_TYPES, F16_NATIVE];

/** The block type of a ggml type number on a device with or without `shader-f16`; undefined when there is none. */
export function blockTypeOf(ggmlType: number, hasF16: boolean): BlockType | undefined {
  if (ggmlType === F16.ggmlType && hasF16) return F16_NATIVE;
  return BLOCK_TYPES.find((type) => type.ggmlType === ggmlType);
}
