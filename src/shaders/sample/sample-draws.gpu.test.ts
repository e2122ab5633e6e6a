/**
 * Draws: 10 000 of each filter alone and of combinations against the oracle's exact probabilities by chi-square, and what
 * a draw is keyed by. Fixed seeds; a right sampler fails one such case in ten thousand.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleHarness, type AdjustInput, type SampleOutput } from '../../../tools/node/sample-harness.ts';
import { openTestDevice, testAdapters, titleOf, type TestDevice } from '../../../tools/node/test-devices.ts';
import { gumbel, tokenBits } from '../lib/rng.ref.ts';
import { chiSquareP } from './chi-square.ts';
import type { SampleRow } from './layout.ts';
import { encodeBiases, encodeHistory, rowOf, seededRandom } from './sample.cases.ts';
import { adjustLogits, NO_FILTERS, survivorsOf, type RefHistory, type RefParams } from './sample.ref.ts';

const NUM_DRAWS = 10_000;
const SMALLEST_P = 1e-4;
const VOCAB = 100;

/** Spread like a language model's: a few likely tokens and a tail. */
const random = seededRandom(21);
const LOGITS = Float32Array.from({ length: VOCAB }, (_, id) => 4 * random() - 0.05 * id + (id % 9 === 4 ? 2 : 0));
const HISTORY: RefHistory = {
  prompt: new Set([4, 13, 50]),
  generated: new Map([
    [4, 3],
    [22, 1],
    [60, 2],
  ]),
};

const CASES: readonly [string, Partial<RefParams>][] = [
  ['no filter', {}],
  ['temperature', { temperature: 1.6 }],
  ['top-k', { topK: 12 }],
  ['top-p', { topP: 0.7 }],
  ['min-p', { minP: 0.1 }],
  ['repetition penalty', { repetitionPenalty: 1.8 }],
  ['presence penalty', { presencePenalty: 1.5 }],
  ['frequency penalty', { frequencyPenalty: 0.8 }],
  [
    'logit bias',
    {
      logitBias: new Map([
        [4, -2],
        [77, 3.5],
        [0, -100],
      ]),
    },
  ],
  ['top-k, top-p and min-p, temperature', { temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 }],
  [
    'top-p, temperature and all penalties',
    { temperature: 1.3, topP: 0.9, repetitionPenalty: 1.2, presencePenalty: 0.5, frequencyPenalty: 0.3 },
  ],
  [
    'top-k, min-p, bias and repetition penalty',
    {
      topK: 25,
      minP: 0.02,
      repetitionPenalty: 1.4,
      logitBias: new Map([
        [90, 4],
        [13, 1],
      ]),
    },
  ],
];

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    let opened: TestDevice;
    let harness: SampleHarness;
    beforeAll(async () => {
      opened = await openTestDevice(name);
      harness = new SampleHarness(opened.device, {
        vocabSize: VOCAB,
        segmentLength: 128,
        numSegments: 1,
        workgroupSize: 8,
      });
    });
    afterAll(() => {
      opened.close();
    });

    /** A row per position or per seed, all over the same logits. */
    async function draw(
      params: Partial<RefParams>,
      numRows: number,
      place: (i: number) => Partial<SampleRow>,
    ): Promise<SampleOutput> {
      const rows = Array.from({ length: numRows }, (_, i) => rowOf(params, place(i)));
      const logits = harness.layOut(rows.map(() => LOGITS));
      return harness.run(logits, rows, adjustInput(params));
    }

    it.each(CASES)('10 000 draws with %s', async (_, params) => {
      const { records } = await draw(params, NUM_DRAWS, (position) => ({ seed: 1234, position }));
      expect(chiSquareP(countsOf(records), probabilitiesOf(params))).toBeGreaterThan(SMALLEST_P);
    });

    it('10 000 draws over seeds instead of positions', async () => {
      const { records } = await draw({}, NUM_DRAWS, (seed) => ({ seed, position: 3 }));
      expect(chiSquareP(countsOf(records), probabilitiesOf({}))).toBeGreaterThan(SMALLEST_P);
    });

    it('control: the test rejects draws of a slightly wrong temperature, and of a filter left out', async () => {
      const wrong = await draw({ temperature: 1.2 }, NUM_DRAWS, (position) => ({ seed: 1234, position }));
      expect(chiSquareP(countsOf(wrong.records), probabilitiesOf({ temperature: 1.05 }))).toBeLessThan(SMALLEST_P);
      const unfiltered = await draw({}, NUM_DRAWS, (position) => ({ seed: 1234, position }));
      expect(chiSquareP(countsOf(unfiltered.records), probabilitiesOf({ minP: 0.02 }))).toBeLessThan(SMALLEST_P);
    });

    it('a draw is the race that the CPU twin of the random numbers decides', async () => {
      const { records } = await draw({ temperature: 0.9 }, 200, (position) => ({ seed: 77, position }));
      const scores = records.map((_, position) =>
        [...LOGITS].map((x, id) => x / 0.9 + gumbel(tokenBits(77, position, id))),
      );
      const winners = scores.map((row) => row.reduce((best, x, id) => (x > (row[best] ?? x) ? id : best), 0));
      expect(records.map(({ id }) => id)).toEqual(winners);
    });

    it('the same seed and position draw the same; another seed does not', async () => {
      const one = await draw({}, 50, (position) => ({ seed: 5, position }));
      const again = await draw({}, 50, (position) => ({ seed: 5, position }));
      const other = await draw({}, 50, (position) => ({ seed: 6, position }));
      expect(again.words).toEqual(one.words);
      expect(other.words).not.toEqual(one.words);
    });
  });
}

function adjustInput(params: Partial<RefParams>): AdjustInput | undefined {
  const p = { ...NO_FILTERS, ...params };
  const plain = p.repetitionPenalty === 1 && p.presencePenalty === 0 && p.frequencyPenalty === 0;
  if (plain && p.logitBias.size === 0) return undefined;
  return { counts: [encodeHistory(HISTORY, 128)], bias: encodeBiases(p.logitBias), mask: new Uint32Array(1) };
}

function probabilitiesOf(params: Partial<RefParams>): number[] {
  const p = { ...NO_FILTERS, ...params };
  const { ids, probabilities, topPMargin } = survivorsOf(adjustLogits(LOGITS, p, HISTORY), p);
  // Far from a token that rounding could let in or out.
  expect(topPMargin).toBeGreaterThan(1e-4);
  const all = Array.from(LOGITS, () => 0);
  ids.forEach((id, i) => {
    all[id] = probabilities[i] ?? NaN;
  });
  return all;
}

function countsOf(records: SampleOutput['records']): number[] {
  const counts = Array.from(LOGITS, () => 0);
  for (const { id } of records) counts[id] = (counts[id] ?? NaN) + 1;
  return counts;
}
