/**
 * Inputs for the sampler's tests: seeded logits of many shapes, histories and biases as the kernels take them. It runs
 * nothing.
 */
import { PROMPT_BIT } from './layout.ts';
import type { RefHistory } from './sample.ref.ts';
import { seededRandom } from '../vectors/values.ts';

export { PLAIN_ROW, rowOf, survivorsOfRecord } from '../vectors/sample-rows.ts';
export { seededRandom };

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const LOGIT_KINDS = ['normal', 'peaked', 'ties', 'allEqual', 'someAbsent', 'hugeRange'] as const;
export type LogitKind = (typeof LOGIT_KINDS)[number];

/** f32 logits of one row. */
export function makeLogits(kind: LogitKind, vocabSize: number, random: () => number): Float32Array<ArrayBuffer> {
  const one: Readonly<Record<LogitKind, (id: number) => number>> = {
    normal: () => 3 * normal(random),
    peaked: () => 1.5 * normal(random) + (random() < 20 / vocabSize ? 12 : -4),
    ties: () => Math.round(2 * normal(random)),
    allEqual: () => -7.25,
    someAbsent: () => (random() < 0.3 ? -Infinity : 4 * normal(random)),
    hugeRange: () => normal(random) * 10 ** (8 * random() - 4),
  };
  return Float32Array.from({ length: vocabSize }, (_, id) => one[kind](id));
}

/** The counts of one slot: [length]. */
export function encodeHistory(history: RefHistory, length: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length }, (_, id) => {
    const mark = history.prompt.has(id) ? PROMPT_BIT : 0;
    return mark + (history.generated.get(id) ?? 0);
  });
}

/** Pairs of id and bits of f32; one unused pair when there are none. */
export function encodeBiases(bias: ReadonlyMap<number, number>): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.max(2, bias.size * 2));
  const floats = new Float32Array(words.buffer);
  [...bias].forEach(([id, value], i) => {
    words[2 * i] = id;
    floats[2 * i + 1] = value;
  });
  return words;
}
