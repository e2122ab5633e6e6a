/**
 * The checks of the two kernels that every draw needs: what a group of logits comes to, and the pick of greedy and filtered rows.
 * They are made for one vocabulary and take logits of that length, of which few are candidates, so that the oracle is quick.
 * Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { gumbel, tokenBits } from '../lib/rng.ref.ts';
import { decodeSampleRecord, RECORD_WORDS, ROW_FLAGS, type SampleRecord, type SampleRow } from '../sample/layout.ts';
import { NO_FILTERS, survivorsOf, type RefParams } from '../sample/sample.ref.ts';
import type { CheckProblem, KernelCheck } from './check.ts';
import { asU32, plainCheck } from './plain-check.ts';
import {
  candidatesOf,
  CHUNK_LOGITS,
  GROUP_WORDS,
  groupsOf,
  groupWords,
  idsOf,
  logitsOf,
  packRows,
  segmentOf,
  shapeOf,
} from './sample-logits.ts';
import { PLAIN_ROW, rowOf, survivorsOfRecord } from './sample-rows.ts';
import { exactly, shareTolerance, type Expected } from './tolerance.ts';
import { seededRandom, UNTOUCHED } from './values.ts';

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
  const expected = new Array<Expected>(groups.length).fill(exactly(untouched));
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
  const random = seededRandom(172);
  const logits = PARAMS.map(() => logitsOf(shape, random));
  const rows = PARAMS.map((params, r) => rowOf(params, { seed: 7, position: 100 + r, token_index: PARAMS.length - r }));
  const segments = Array.from({ length: shape.numSegments }, (_, i) => segmentOf(shape, i, logits));
  const groups = groupsOf(shape, logits, false);
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
  const problem = wrongSurvivors(logits, params, found);
  if (problem !== undefined) return problem;
  const scoreOf = (token: number) =>
    (logits[token] ?? NaN) / params.temperature + gumbel(tokenBits(seed, position, token));
  const best = Math.max(...found.map(scoreOf));
  return found.includes(id) && scoreOf(id) >= best - NEAR ? undefined : `${String(id)} is not the one that wins`;
}

/** Which candidates are left may turn on how a share was rounded: they are at least those of a smaller one, at most of a larger. */
function wrongSurvivors(logits: Float32Array, params: RefParams, found: readonly number[]): string | undefined {
  const tolerance = shareTolerance(candidatesOf(logits).length);
  const ofShares = (sign: number) => {
    const topP = params.topP < 1 ? params.topP + sign * tolerance : params.topP;
    const minP = params.minP * (1 - sign * tolerance);
    return survivorsOf(logits, { ...params, topP, minP }).ids;
  };
  const [least, most] = [ofShares(-1), ofShares(1)];
  const ascending = most.slice(0, found.length).sort((a, b) => a - b);
  if (found.length >= least.length && found.length <= most.length && found.join() === ascending.join()) {
    return undefined;
  }
  return `${String(found.length)} tokens are left, not the right ${String(least.length)} to ${String(most.length)}`;
}
