/**
 * The two layouts that host and sampler share: the parameters of a row, going in, and its record, coming out. Encoder
 * and decoder of both. It knows nothing of devices or of how parameters are chosen; rows.wgsl is its other half.
 */

/** No token index, no mask. */
export const NONE = 0xffffffff;
/** In a list for `sample_count_list` and in the counts: the token occurs in the prompt. */
export const PROMPT_BIT = 0x80000000;

/** Bits of `SampleRow.flags`. */
export const ROW_FLAGS = { greedy: 1, logprobs: 2, counts: 4 } as const;
/** Bits of `SampleRecord.status`. */
export const RECORD_STATUS = { nan: 1, noCandidate: 2 } as const;

/** The fields of `SampleRow` in order, a 4-byte scalar each. A test compares this with rows.wgsl. */
export const SAMPLE_ROW_FIELDS = [
  ['seed', 'u32'],
  ['position', 'u32'],
  ['slot', 'u32'],
  ['token_index', 'u32'],
  ['flags', 'u32'],
  ['top_k', 'u32'],
  ['num_top', 'u32'],
  ['bias_offset', 'u32'],
  ['num_bias', 'u32'],
  ['mask_offset', 'u32'],
  ['num_drafts', 'u32'],
  ['draft', 'u32'],
  ['inv_temperature', 'f32'],
  ['top_p', 'f32'],
  ['min_p_offset', 'f32'],
  ['repetition_penalty', 'f32'],
  ['presence_penalty', 'f32'],
  ['frequency_penalty', 'f32'],
] as const;
export type SampleRow = Readonly<Record<(typeof SAMPLE_ROW_FIELDS)[number][0], number>>;
export const SAMPLE_ROW_BYTES = SAMPLE_ROW_FIELDS.length * 4;

/** Writes one row's parameters at `row * SAMPLE_ROW_BYTES`. */
export function encodeSampleRow(target: DataView, row: number, values: SampleRow): void {
  SAMPLE_ROW_FIELDS.forEach(([name, type], i) => {
    const at = row * SAMPLE_ROW_BYTES + i * 4;
    if (type === 'f32') target.setFloat32(at, values[name], true);
    else target.setUint32(at, values[name], true);
  });
}

export const MAX_TOP_LOGPROBS = 20;
/** Words of a record; words 46 and 47 are unused. */
export const RECORD_WORDS = 48;
export const RECORD_BYTES = RECORD_WORDS * 4;
/** The first word of each part; the names are those of rows.wgsl, where a test looks for the same numbers. */
export const RECORD_LAYOUT = {
  RECORD_ID: 0,
  RECORD_STATUS: 1,
  RECORD_LOGPROB: 2,
  RECORD_NUM_TOP: 3,
  RECORD_TOP_IDS: 4,
  RECORD_TOP_LOGPROBS: 24,
  RECORD_THRESHOLD_KEY: 44,
  RECORD_THRESHOLD_REV: 45,
} as const;

/** What comes back for a row. */
export interface SampleRecord {
  readonly id: number;
  /** Bits of `RECORD_STATUS`: `nan` when a logit was NaN, `noCandidate` when nothing could be picked (`id` is then 0). */
  readonly status: number;
  /** Of the raw distribution; 0 unless the row asked for log-probabilities. */
  readonly logprob: number;
  /** The most likely tokens of the raw distribution, best first, ties by lower id. */
  readonly top: readonly { readonly id: number; readonly logprob: number }[];
  /** Survivors of the filters: key above `key`, or equal and `0xffffff - id >= rev`. Keys as in logit_key.wgsl. */
  readonly threshold: { readonly key: number; readonly rev: number };
}

/** Reads the record of `row`. */
export function decodeSampleRecord(source: DataView, row: number): SampleRecord {
  const base = row * RECORD_BYTES;
  const word = (index: number) => source.getUint32(base + index * 4, true);
  const float = (index: number) => source.getFloat32(base + index * 4, true);
  const numTop = Math.min(word(RECORD_LAYOUT.RECORD_NUM_TOP), MAX_TOP_LOGPROBS);
  return {
    id: word(RECORD_LAYOUT.RECORD_ID),
    status: word(RECORD_LAYOUT.RECORD_STATUS),
    logprob: float(RECORD_LAYOUT.RECORD_LOGPROB),
    top: Array.from({ length: numTop }, (_, i) => ({
      id: word(RECORD_LAYOUT.RECORD_TOP_IDS + i),
      logprob: float(RECORD_LAYOUT.RECORD_TOP_LOGPROBS + i),
    })),
    threshold: { key: word(RECORD_LAYOUT.RECORD_THRESHOLD_KEY), rev: word(RECORD_LAYOUT.RECORD_THRESHOLD_REV) },
  };
}
