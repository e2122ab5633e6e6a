/**
 * From resolved parameters to what the sampler's kernels read: one row's parameters and the packed biases of a batch.
 * It knows the layout of a row and nothing of buffers or devices.
 */
import { NONE, ROW_FLAGS, type SampleRow } from '../../shaders/sample/layout.ts';
import { needsCounts, type LogitBias, type ResolvedSamplingParams } from '../sampling/params.ts';

/** Where a row's token goes and where its state lies. */
export interface RowPlace {
  /** Of the token that is picked; with the seed and a token's id it decides that token's random number. */
  readonly position: number;
  /** Draft tokens before it, one in each of so many rows up to this one, and the last of them. */
  readonly numDrafts?: number;
  readonly draft?: number | undefined;
  /** Which sequence's counts. */
  readonly slot: number;
  /** Where in `tokens` the id goes; default: nowhere. */
  readonly tokenIndex?: number;
  /** Of the row's first entry in the packed biases. */
  readonly biasOffset?: number;
  /** In words; default: no mask. */
  readonly maskOffset?: number;
}

/** No smallest logit. */
const NO_MIN_P = -3e38;

export function sampleRowOf(params: ResolvedSamplingParams, place: RowPlace): SampleRow {
  const greedy = params.temperature === 0;
  return {
    seed: params.seed,
    position: place.position,
    slot: place.slot,
    token_index: place.tokenIndex ?? NONE,
    flags:
      (greedy ? ROW_FLAGS.greedy : 0) |
      (params.topLogprobs === undefined ? 0 : ROW_FLAGS.logprobs) |
      (needsCounts(params) ? ROW_FLAGS.counts : 0),
    top_k: params.topK,
    num_top: params.topLogprobs ?? 0,
    bias_offset: place.biasOffset ?? 0,
    num_bias: params.logitBias.length,
    mask_offset: place.maskOffset ?? NONE,
    num_drafts: place.numDrafts ?? 0,
    draft: place.draft ?? NONE,
    inv_temperature: greedy ? 1 : 1 / params.temperature,
    top_p: params.topP,
    min_p_offset: params.minP === 0 || greedy ? NO_MIN_P : params.temperature * Math.log(params.minP),
    repetition_penalty: params.repetitionPenalty,
    presence_penalty: params.presencePenalty,
    frequency_penalty: params.frequencyPenalty,
  };
}

/** Pairs of words (id, bits of the f32 value), row after row, and each row's `biasOffset`. */
export function packLogitBias(rows: readonly (readonly LogitBias[])[]) {
  const entries = rows.flat();
  const words = new Uint32Array(entries.length * 2);
  const floats = new Float32Array(words.buffer);
  entries.forEach(({ id, value }, i) => {
    words[2 * i] = id;
    floats[2 * i + 1] = value;
  });
  let next = 0;
  const offsets = rows.map((row) => {
    const offset = next;
    next += row.length;
    return offset;
  });
  return { words, offsets };
}
