/** Rows of the sampler for its tests and the self-test, keys of logits, and what a record's threshold means. Runs nothing. */
import { NONE, ROW_FLAGS, type SampleRecord, type SampleRow } from '../sample/layout.ts';
import { NO_FILTERS, type RefParams } from '../sample/sample.ref.ts';

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

/** As in logit_key.wgsl. */
export function keyOfBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000 || bits === 0xff800000) return 0;
  if (bits === 0x80000000) return bits;
  return (bits >= 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}
