/**
 * Cases of attention for its tests: prompt chunks in the middle of sequences, single rows at the boundaries of blocks, tiles
 * and chunks. It runs nothing.
 */
import type { KvLayout } from '../lib/kv-layout.ts';
import { attentionInputs as inputsOf, type AttentionInputs, type AttentionShape } from '../vectors/attention.ts';

export { BLOCK_TOKENS, type AttentionInputs, type AttentionShape } from '../vectors/attention.ts';

/** Prompt chunks as (first position, rows), each of a sequence of its own; then generated rows, the same way. */
export const PROMPT_CHUNKS = [
  [45, 37],
  [0, 5],
  [127, 1],
  [0, 17],
] as const;
export const GENERATED_ROWS = [
  [0, 1],
  [126, 4],
  [31, 2],
  [300, 1],
] as const;

export function attentionInputs(layout: KvLayout, seed: number, shape: AttentionShape, scale: number): AttentionInputs {
  return inputsOf(layout, seed, shape, scale, { prompt: PROMPT_CHUNKS, generated: GENERATED_ROWS });
}
