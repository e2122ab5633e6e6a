/** The check of log-probabilities: of the picked token and of the most likely ones. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import {
  decodeSampleRecord,
  RECORD_LAYOUT,
  RECORD_WORDS,
  ROW_FLAGS,
  type SampleRecord,
  type SampleRow,
} from '../sample/layout.ts';
import { logprobsOf } from '../sample/sample.ref.ts';
import { otherWord, type KernelCheck } from './check.ts';
import { asU32 } from './plain-check.ts';
import { candidatesOf, groupsOf, logitsOf, packRows, segmentOf, shapeOf, UNWRITTEN } from './sample-logits.ts';
import { PLAIN_ROW } from './sample-rows.ts';
import { isOff, logprobTolerance } from './tolerance.ts';
import { seededRandom } from './values.ts';

/** Rows with many alternatives, with few, with none, and one that wants no log-probability at all. */
export function logprobsCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const random = seededRandom(184);
  const numTops = [20, 3, 0, undefined];
  const logits = numTops.map(() => logitsOf(shape, random));
  const rows = numTops.map((num_top, r): SampleRow => ({
    ...PLAIN_ROW,
    flags: num_top === undefined ? 0 : ROW_FLAGS.logprobs,
    num_top: num_top ?? 7,
    position: r,
  }));
  const picked = logits.map((row, r) => candidatesOf(row)[r * 3]?.id ?? 0);
  const records = new Uint32Array(rows.length * RECORD_WORDS).fill(UNWRITTEN);
  picked.forEach((id, r) => (records[r * RECORD_WORDS + RECORD_LAYOUT.RECORD_ID] = id));
  const segments = Array.from({ length: shape.numSegments }, (_, i) => segmentOf(shape, i, logits));
  const [first = new Float32Array(1), second = first] = segments;
  return {
    kernel,
    outputs: [4],
    runs: [
      {
        bindings: [packRows(rows), first, second, groupsOf(shape, logits, true), records],
        workgroups: [rows.length, 1, 1],
      },
    ],
    verify: ([[words = new Float32Array()] = []]) => {
      const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
      for (const [r, numTop] of numTops.entries()) {
        const unwritten = records.subarray(r * RECORD_WORDS, (r + 1) * RECORD_WORDS);
        const bits = asU32(words).subarray(r * RECORD_WORDS, (r + 1) * RECORD_WORDS);
        const untouched = numTop === undefined ? unwritten : unwritten.subarray(RECORD_LAYOUT.RECORD_THRESHOLD_KEY);
        const behind = otherWord(bits.subarray(RECORD_WORDS - untouched.length), untouched);
        if (behind !== undefined) return behind;
        if (numTop === undefined) continue;
        const { logprob, top } = decodeSampleRecord(view, r);
        const problem = wrongLogprobs(shape.vocabSize, logits[r] ?? new Float32Array(), numTop, [
          { id: picked[r] ?? 0, logprob },
          ...(numTop === 0 ? [] : top),
        ]);
        if (problem !== undefined) return { kind: 'wrong', detail: `row ${String(r)}: ${problem}` };
      }
      return undefined;
    },
  };
}

type Logprob = SampleRecord['top'][number];

function wrongLogprobs(
  vocabSize: number,
  logits: Float32Array,
  numTop: number,
  [own, ...top]: readonly Logprob[],
): string | undefined {
  const exact = logprobsOf(logits);
  const order = [...candidatesOf(logits)].sort((a, b) => b.logit - a.logit || a.id - b.id).slice(0, numTop);
  if (top.map(({ id }) => id).join() !== order.map(({ id }) => id).join()) {
    return `the most likely are ${top.map(({ id }) => String(id)).join()}, not ${order.map(({ id }) => String(id)).join()}`;
  }
  for (const { id, logprob } of own === undefined ? top : [own, ...top]) {
    const value = exact[id] ?? NaN;
    const size = Math.abs(value) + Math.abs(logits[id] ?? NaN) + 11;
    if (isOff(logprob, { value, tolerance: logprobTolerance(vocabSize, size) })) {
      return `the log-probability of ${String(id)} is ${String(logprob)}, not ${String(value)}`;
    }
  }
  return undefined;
}
