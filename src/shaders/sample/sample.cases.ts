/**
 * Inputs for the sampler's tests: seeded logits of many shapes, rows from the oracle's parameters, and what a record's
 * threshold means. It runs nothing.
 */
import { NONE, PROMPT_BIT, ROW_FLAGS, type SampleRecord, type SampleRow } from './layout.ts';
import { NO_FILTERS, type RefHistory, type RefParams } from './sample.ref.ts';
import { seededRandom } from '../vectors/values.ts';

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

export const PLAIN_ROW: SampleRow = {
  seed: 1,
  position: 0,
  slot: 0,
  token_index: NONE,
  flags: 0,
  top_k: 0,
  num_top: 0,
  bias_offset: 0,
  num_bias: 0,
  mask_offset: NONE,
  num_drafts: 0,
  draft: NONE,
  inv_temperature: 1,
  top_p: 1,
  min_p_offset: -3e38,
  repetition_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
};

/** The row that asks the kernels for what `params` asks of the oracle; every row has the biases at offset 0. */
export function rowOf(params: Partial<RefParams>, rest: Partial<SampleRow> = {}): SampleRow {
  const p = { ...NO_FILTERS, ...params };
  const counts = p.repetitionPenalty !== 1 || p.presencePenalty !== 0 || p.frequencyPenalty !== 0;
  return {
    ...PLAIN_ROW,
    flags: (p.temperature === 0 ? ROW_FLAGS.greedy : 0) | (counts ? ROW_FLAGS.counts : 0),
    top_k: p.topK,
    num_bias: p.logitBias.size,
    inv_temperature: p.temperature === 0 ? 1 : 1 / p.temperature,
    top_p: p.topP,
    min_p_offset: p.minP === 0 ? -3e38 : p.temperature * Math.log(p.minP),
    repetition_penalty: p.repetitionPenalty,
    presence_penalty: p.presencePenalty,
    frequency_penalty: p.frequencyPenalty,
    ...rest,
  };
}

/** The ids that a record's threshold lets through, ascending. */
export function survivorsOfRecord(values: Float32Array, threshold: SampleRecord['threshold']): number[] {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const ids: number[] = [];
  bits.forEach((word, id) => {
    const key = keyOfBits(word);
    if (key > threshold.key || (key === threshold.key && 0xffffff - id >= threshold.rev)) ids.push(id);
  });
  return ids;
}

function keyOfBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000 || bits === 0xff800000) return 0;
  if (bits === 0x80000000) return bits;
  return (bits >= 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
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
