/**
 * The check of the kernel that adjusts logits by penalties, biases and masks, of one segment of a vocabulary. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { PROMPT_BIT, ROW_FLAGS, type SampleRow } from '../sample/layout.ts';
import { adjustLogits, NO_FILTERS, type RefHistory, type RefParams } from '../sample/sample.ref.ts';
import type { CheckProblem, KernelCheck } from './check.ts';
import { asU32 } from './plain-check.ts';
import {
  CHUNK_LOGITS,
  chosenIds,
  GROUP_WORDS,
  groupWords,
  idsOf,
  keyOfLogit,
  logitsOf,
  NUM_SLOTS,
  packRows,
  segmentOf,
  shapeOf,
  SLOT,
  UNWRITTEN,
  type LogitShape,
} from './sample-logits.ts';
import { PLAIN_ROW, rowOf } from './sample-rows.ts';
import { adjustedTolerance, isOff, type Expected } from './tolerance.ts';
import { seededRandom } from './values.ts';

/** Before the first word of a mask. */
const MASK_OFFSET = 3;

const PARAMS: RefParams = {
  ...NO_FILTERS,
  temperature: 0,
  repetitionPenalty: 1.3,
  presencePenalty: 0.4,
  frequencyPenalty: 0.25,
};

interface AdjustCase {
  readonly row: SampleRow;
  readonly params: RefParams;
  readonly history: RefHistory;
  readonly isMasked: boolean;
}

const NOTHING: RefHistory = { prompt: new Set(), generated: new Map() };

/** Penalties with biases; the same with two drafts before; a mask alone; and nothing. */
function adjustCases(ids: readonly number[]): readonly AdjustCase[] {
  const logitBias = new Map(ids.filter((_, i) => i % 2 === 0).map((id, i) => [id, i % 3 === 0 ? 20 : -3.5] as const));
  const [prompt, generated] = [ids.filter((_, i) => i % 3 === 0), ids.filter((_, i) => i % 4 === 1)];
  const history = { prompt: new Set(prompt), generated: new Map(generated.map((id, i) => [id, i + 1] as const)) };
  const withBias = { ...PARAMS, logitBias };
  const drafts = [ids[1] ?? 0, ids[2] ?? 0];
  const drafted = new Map(history.generated);
  for (const id of drafts) drafted.set(id, (drafted.get(id) ?? 0) + 1);
  const at = { slot: SLOT, num_bias: 0 };
  return [
    { row: rowOf(withBias, { ...at, num_bias: logitBias.size }), params: withBias, history, isMasked: false },
    { row: rowOf(PARAMS, { ...at, draft: drafts[0] ?? 0, num_drafts: 1 }), params: PARAMS, history, isMasked: false },
    {
      row: rowOf(PARAMS, { ...at, draft: drafts[1] ?? 0, num_drafts: 2 }),
      params: PARAMS,
      history: { ...history, generated: drafted },
      isMasked: false,
    },
    {
      row: { ...PLAIN_ROW, mask_offset: MASK_OFFSET, flags: ROW_FLAGS.logprobs },
      params: NO_FILTERS,
      history: NOTHING,
      isMasked: true,
    },
    { row: PLAIN_ROW, params: NO_FILTERS, history: NOTHING, isMasked: false },
  ];
}

export function adjustCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const { vocabSize, segmentLength, numSegments, groupsPerSegment } = shape;
  const segment = kernel.constants['SEGMENT'] ?? 0;
  const logits = logitsOf(shape, seededRandom(181));
  const ids = chosenIds(shape, logits);
  const all = adjustCases(ids);
  // The second row's only draft is the one before; the first has none, so that the row before it is never read.
  const cases = all.map((one, i) =>
    i === 1 ? { ...one, history: { ...one.history, generated: withDraft(one.history, one.row.draft) } } : one,
  );
  const rows = cases.map(({ row }) => row);
  const counts = new Uint32Array(NUM_SLOTS * segmentLength).fill(PROMPT_BIT | 7, 0, segmentLength);
  const { prompt, generated } = cases[0]?.history ?? NOTHING;
  for (const id of ids.filter((one) => Math.floor(one / segmentLength) === segment)) {
    counts[SLOT * segmentLength + (id % segmentLength)] =
      ((prompt.has(id) ? PROMPT_BIT : 0) | (generated.get(id) ?? 0)) >>> 0;
  }
  const allowed = ids.filter((_, i) => i % 2 === 1);
  const mask = new Uint32Array(MASK_OFFSET + Math.ceil(vocabSize / 32));
  for (const id of allowed) mask[MASK_OFFSET + (id >>> 5)] = (mask[MASK_OFFSET + (id >>> 5)] ?? 0) | (1 << (id & 31));
  const bias = new Uint32Array(Math.max(2, 2 * (cases[0]?.params.logitBias.size ?? 0)));
  const biasValues = new Float32Array(bias.buffer);
  [...(cases[0]?.params.logitBias ?? [])].forEach(([id, value], i) => {
    bias[2 * i] = id;
    biasValues[2 * i + 1] = value;
  });
  const withNaN = logits.slice();
  withNaN.fill(NaN, Math.floor(vocabSize / 2), Math.floor(vocabSize / 2) + 1);
  const logitRows = cases.map((_, r) => (r === 4 ? withNaN : logits));
  const groups = new Uint32Array(rows.length * numSegments * groupsPerSegment * GROUP_WORDS).fill(UNWRITTEN);
  const input = segmentOf(shape, segment, logitRows);
  const adjusted = new Float32Array(input.length).fill(UNWRITTEN);
  return {
    kernel,
    outputs: [2, 6],
    runs: [
      {
        bindings: [packRows(rows), input, groups, counts, bias, mask, adjusted],
        workgroups: [Math.ceil(segmentLength / CHUNK_LOGITS), rows.length, 1],
      },
    ],
    verify: ([[groupWordsOut = new Float32Array(), values = new Float32Array()] = []]) => {
      for (const [r, { params, history, isMasked }] of cases.entries()) {
        const exact = adjustLogits(logitRows[r] ?? [], params, history);
        const size = (id: number) =>
          1.3 * (Math.abs(logits[id] ?? NaN) + Math.abs(params.logitBias.get(id) ?? 0)) + 0.4 + 0.25 * 8;
        for (let i = 0; i < segmentLength; i++) {
          const id = segment * segmentLength + i;
          if (id >= vocabSize) continue;
          const [raw, value = NaN] = [logitRows[r]?.[id], values[r * segmentLength + i]];
          const isOut = Number.isNaN(raw) || raw === -Infinity || (isMasked && !allowed.includes(id));
          const isChanged = params.logitBias.has(id) || history.prompt.has(id) || history.generated.has(id);
          const expected: Expected = {
            value: isOut ? -Infinity : (exact[id] ?? NaN),
            tolerance: isChanged && !isOut ? adjustedTolerance(size(id)) : 0,
          };
          if (isOff(value, expected))
            return {
              kind: 'wrong',
              detail: `token ${String(id)} of row ${String(r)} is ${String(value)}, not ${String(expected.value)}`,
            };
        }
      }
      return wrongGroups(shape, segment, rows, logitRows, values, groupWordsOut);
    },
  };
}

function withDraft({ generated }: RefHistory, draft: number): ReadonlyMap<number, number> {
  return new Map([...generated, [draft, (generated.get(draft) ?? 0) + 1] as const]);
}

/** Of raw logits what the plain kernel finds, and the key of the largest of those that were written. */
function wrongGroups(
  shape: LogitShape,
  segment: number,
  rows: readonly SampleRow[],
  logits: readonly Float32Array[],
  adjusted: Float32Array,
  words: Float32Array,
): CheckProblem | undefined {
  const { numSegments, groupsPerSegment, segmentLength } = shape;
  const bits = asU32(words);
  for (let i = 0; i < bits.length; i += GROUP_WORDS) {
    const group = i / GROUP_WORDS;
    const inSegment = group % groupsPerSegment;
    const r = Math.floor(group / groupsPerSegment / numSegments);
    const problem = (what: string): CheckProblem => ({
      kind: 'wrong',
      detail: `the ${what} of group ${String(inSegment)} of row ${String(r)} is wrong`,
    });
    if (Math.floor(group / groupsPerSegment) % numSegments !== segment) {
      if (bits.subarray(i, i + GROUP_WORDS).some((word) => word !== UNWRITTEN)) return problem('segment');
      continue;
    }
    const ids = idsOf(shape, segment, inSegment);
    const isSummed = ((rows[r]?.flags ?? 0) & ROW_FLAGS.logprobs) !== 0;
    const [rawKey, sum, , status] = groupWords(
      ids.map((id) => logits[r]?.[id] ?? NaN),
      isSummed,
    );
    const key = ids.reduce(
      (best, id) => Math.max(best, keyOfLogit(adjusted[r * segmentLength + id - segment * segmentLength] ?? NaN)),
      0,
    );
    if (bits[i] !== rawKey?.value) return problem('key of raw logits');
    if (sum === undefined || isOff(words[i + 1] ?? NaN, sum)) return problem('sum');
    if (bits[i + 2] !== key) return problem('key');
    if (bits[i + 3] !== status?.value) return problem('status');
  }
  return undefined;
}
