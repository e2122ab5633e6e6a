/**
 * The checks of the two kernels that every draw needs: what a group of logits comes to, and the pick of greedy and filtered rows.
 * They are made for one vocabulary and take logits of that length, of which few are candidates, so that the oracle is quick.
 * Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { gumbel, tokenBits } from '../lib/rng.ref.ts';
import {
  decodeSampleRecord,
  encodeSampleRow,
  RECORD_STATUS,
  RECORD_WORDS,
  ROW_FLAGS,
  SAMPLE_ROW_BYTES,
  type SampleRecord,
  type SampleRow,
} from '../sample/layout.ts';
import { NO_FILTERS, survivorsOf, type RefParams } from '../sample/sample.ref.ts';
import type { CheckProblem, KernelCheck } from './check.ts';
import { asU32, plainCheck } from './plain-check.ts';
import { keyOfBits, PLAIN_ROW, rowOf, survivorsOfRecord } from './sample-rows.ts';
import { EPS32, exactly, type Expected } from './tolerance.ts';
import { seededRandom, signed, UNTOUCHED, wholeBelow, type Random } from './values.ts';

const [CHUNK_LOGITS, CHUNK_GROUPS] = [4096, 64];
const GROUP_WORDS = 4;
const NUM_CANDIDATES = 300;

interface Shape {
  readonly vocabSize: number;
  readonly segmentLength: number;
  readonly numSegments: number;
  readonly groupsPerSegment: number;
}

function shapeOf({ constants }: Kernel): Shape {
  const [vocabSize = 1, segmentLength = 64, numSegments = 1] = ['VOCAB_SIZE', 'SEGMENT_LENGTH', 'NUM_SEGMENTS'].map(
    (name) => constants[name],
  );
  const groupsPerSegment = Math.ceil(segmentLength / CHUNK_LOGITS) * CHUNK_GROUPS;
  return { vocabSize, segmentLength, numSegments, groupsPerSegment };
}

/** Some candidates, the first and the last token among them, two of them the largest; all others are out of the question. */
function logitsOf({ vocabSize }: Shape, random: Random): Float32Array<ArrayBuffer> {
  const logits = new Float32Array(vocabSize).fill(-Infinity);
  for (let i = 0; i < NUM_CANDIDATES; i++) logits[wholeBelow(random, vocabSize)] = 3 * signed(random);
  logits[0] = 1;
  logits[vocabSize - 1] = 10.5;
  // Most often of the same group.
  logits[vocabSize > 64 ? vocabSize - 65 : 0] = 10.5;
  return logits;
}

/** One segment of rows of logits; the padding is large, to be noticed. */
function segmentOf(shape: Shape, segment: number, rows: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const { segmentLength, vocabSize } = shape;
  const out = new Float32Array(rows.length * segmentLength).fill(1e9);
  rows.forEach((row, r) => {
    out.set(
      row.subarray(segment * segmentLength, Math.min(vocabSize, (segment + 1) * segmentLength)),
      r * segmentLength,
    );
  });
  return out;
}

function packRows(rows: readonly SampleRow[]): Uint32Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(rows.length * SAMPLE_ROW_BYTES));
  rows.forEach((row, r) => {
    encodeSampleRow(view, r, row);
  });
  return new Uint32Array(view.buffer);
}

/** Ids of the logits that one thread takes, within the vocabulary. */
function idsOf({ segmentLength, vocabSize }: Shape, segment: number, group: number): readonly number[] {
  const start = Math.floor(group / CHUNK_GROUPS) * CHUNK_LOGITS;
  const numSteps = Math.min(CHUNK_LOGITS / CHUNK_GROUPS, (segmentLength - start) / CHUNK_GROUPS);
  const first = segment * segmentLength + start + (group % CHUNK_GROUPS);
  return Array.from({ length: numSteps }, (_, step) => first + step * CHUNK_GROUPS).filter((id) => id < vocabSize);
}

/** One row reports log-probabilities; the other has a NaN. */
export function groupsCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const { numSegments, groupsPerSegment } = shape;
  const segment = kernel.constants['SEGMENT'] ?? 0;
  const random = seededRandom(171);
  const logits = [logitsOf(shape, random), logitsOf(shape, random)];
  const nanAt = Math.floor(shape.vocabSize / 2);
  logits[1]?.fill(NaN, nanAt, nanAt + 1);
  const rows = [{ ...PLAIN_ROW, flags: ROW_FLAGS.logprobs }, PLAIN_ROW];
  const groups = new Float32Array(rows.length * numSegments * groupsPerSegment * GROUP_WORDS).fill(UNTOUCHED);
  const untouched = asU32(Float32Array.of(UNTOUCHED))[0] ?? 0;
  // Words of keys as whole numbers, the sum as the number it is: in segments that are not written, all of the former kind.
  const isSum = (word: number) =>
    word % GROUP_WORDS === 1 && Math.floor(word / GROUP_WORDS / groupsPerSegment) % numSegments === segment;
  const expected: Expected[] = Array.from(groups, () => exactly(untouched));
  logits.forEach((row, r) => {
    for (let group = 0; group < groupsPerSegment; group++) {
      const values = idsOf(shape, segment, group).map((id) => row[id] ?? NaN);
      const at = ((r * numSegments + segment) * groupsPerSegment + group) * GROUP_WORDS;
      groupWords(values, r === 0).forEach((word, i) => (expected[at + i] = word));
    }
  });
  return plainCheck(kernel, [
    {
      bindings: [packRows(rows), segmentOf(shape, segment, logits), groups],
      workgroups: [Math.ceil(shape.segmentLength / CHUNK_LOGITS), rows.length, 1],
      outputs: [
        {
          binding: 2,
          expected,
          read: (words) => {
            const bits = asU32(words);
            return Float64Array.from(words, (value, i) => (isSum(i) ? value : (bits[i] ?? NaN)));
          },
        },
      ],
    },
  ]);
}

/** Key of the largest, sum of exponentials, key again, status. */
function groupWords(values: readonly number[], withSum: boolean): readonly Expected[] {
  const keys = values.map((value) => keyOfBits(asU32(Float32Array.of(value))[0] ?? 0));
  const key = keys.reduce((a, b) => Math.max(a, b), 0);
  const candidates = values.filter((_, i) => keys[i] !== 0);
  const largest = candidates.reduce((a, b) => Math.max(a, b), -Infinity);
  const terms = withSum ? candidates.map((value) => Math.exp(value - largest)) : [];
  const sum = terms.reduce((a, b) => a + b, 0);
  // exp is off by 3 + 2 |x| ulp of what is at most 1, so by 4 at most; then as many sums.
  const tolerance = EPS32 * (4 * terms.length + terms.length * sum);
  const status = values.some((value) => Number.isNaN(value)) ? RECORD_STATUS.nan : 0;
  return [exactly(key), { value: sum, tolerance }, exactly(key), exactly(status)];
}

/** Greedy, each filter alone, and all. */
const PARAMS: readonly Partial<RefParams>[] = [
  { temperature: 0 },
  { topK: 40 },
  { topP: 0.9, temperature: 1.5 },
  { minP: 0.05, temperature: 1.5 },
  { topK: 40, topP: 0.95, minP: 0.01, temperature: 0.8 },
];

export function pickCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const { numSegments, groupsPerSegment } = shape;
  const random = seededRandom(172);
  const logits = PARAMS.map(() => logitsOf(shape, random));
  const rows = PARAMS.map((params, r) => rowOf(params, { seed: 7, position: 100 + r, token_index: PARAMS.length - r }));
  const segments = Array.from({ length: numSegments }, (_, segment) => segmentOf(shape, segment, logits));
  const groups = new Uint32Array(rows.length * numSegments * groupsPerSegment * GROUP_WORDS);
  logits.forEach((row, r) => {
    const bits = asU32(row);
    row.forEach((logit, id) => {
      if (logit === -Infinity) return;
      const segment = Math.floor(id / shape.segmentLength);
      const inSegment = id % shape.segmentLength;
      const group = Math.floor(inSegment / CHUNK_LOGITS) * CHUNK_GROUPS + (inSegment % CHUNK_GROUPS);
      const at = ((r * numSegments + segment) * groupsPerSegment + group) * GROUP_WORDS;
      const key = Math.max(groups[at] ?? 0, keyOfBits(bits[id] ?? 0));
      groups.set([key, 0, key, 0], at);
    });
  });
  const [first = new Float32Array(1), second = first] = segments;
  return {
    kernel,
    outputs: [4, 5],
    runs: [
      {
        bindings: [
          packRows(rows),
          first,
          second,
          groups,
          new Uint32Array(rows.length * RECORD_WORDS).fill(1),
          new Uint32Array(rows.length + 1).fill(1),
        ],
        workgroups: [rows.length, 1, 1],
      },
    ],
    verify: ([outputs]) => verifyPicks(logits, rows, outputs ?? []),
  };
}

function verifyPicks(
  logits: readonly Float32Array[],
  rows: readonly SampleRow[],
  [words = new Float32Array(), tokens = new Float32Array()]: readonly Float32Array[],
): CheckProblem | undefined {
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
  for (const [r, row] of rows.entries()) {
    const record = decodeSampleRecord(view, r);
    const detail = wrongPick(logits[r] ?? new Float32Array(), { ...NO_FILTERS, ...PARAMS[r] }, row, record);
    const written = asU32(tokens)[row.token_index];
    const problem = detail ?? (written === record.id ? undefined : `token ${String(written)} was written`);
    if (problem !== undefined) return { kind: 'wrong', detail: `row ${String(r)}: ${problem}` };
  }
  return asU32(tokens)[0] === 1 ? undefined : { kind: 'wrong', detail: 'a token that no row has was written' };
}

/** How near to the greatest score another may be to be picked: scores are sums of numbers up to 40, and two logarithms. */
const NEAR = 1e-4;

function wrongPick(
  logits: Float32Array,
  params: RefParams,
  { seed, position }: SampleRow,
  { id, status, threshold }: SampleRecord,
): string | undefined {
  if (status !== 0) return `its status is ${String(status)}`;
  const { ids } = survivorsOf(logits, params);
  if (params.temperature === 0)
    return id === ids[0] ? undefined : `${String(id)} is not the largest, ${String(ids[0])}`;
  const found = survivorsOfRecord(logits, threshold);
  if (found.join() !== [...ids].sort((a, b) => a - b).join()) {
    return `${String(found.length)} tokens are left, not the right ${String(ids.length)}`;
  }
  const scoreOf = (token: number) =>
    (logits[token] ?? NaN) / params.temperature + gumbel(tokenBits(seed, position, token));
  const best = Math.max(...ids.map(scoreOf));
  return ids.includes(id) && scoreOf(id) >= best - NEAR ? undefined : `${String(id)} is not the one that wins`;
}
