/**
 * The filters against the oracle: who survives, what greedy takes, what adjusting writes; and that a row's result depends
 * neither on the rows beside it, nor on the segments, nor on the width of the workgroup. Seeds are in the titles.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHarnesses } from '../../../tools/node/sample-harness.ts';
import { openTestDevice, testAdapters, titleOf, type TestDevice } from '../../../tools/node/test-devices.ts';
import { NONE, RECORD_STATUS, RECORD_WORDS, ROW_FLAGS } from './layout.ts';
import type { SampleShape, SampleWorkgroupSize } from './sample.ts';
import { LOGIT_KINDS, makeLogits, PLAIN_ROW, rowOf, seededRandom, survivorsOfRecord } from './sample.cases.ts';
import { NO_FILTERS, survivorsOf, type RefParams } from './sample.ref.ts';

/** Named tolerances; everything else here is exact. */
const TOLERANCE = {
  /**
   * Top-p: a token may differ where a prefix sum is this near to p. Fixed point rounds each of V weights by 2^-29 of the
   * largest at most, and drops those below that; exp is good to (3 + 2 |x|) ulp for |x| <= 20.1, its argument to 1 ulp.
   */
  topP: (vocabSize: number) => vocabSize * 2 ** -29 + (3 + 3 * 20.1) * 2 ** -23,
  /** Min-p: the smallest logit is a sum of two f32, and so rounded twice. */
  minP: (largest: number, offset: number) => (Math.abs(largest) + Math.abs(offset)) * 2 ** -23,
};

const FILTERS: readonly Partial<RefParams>[] = [
  { topK: 1 },
  { topK: 40 },
  { topP: 0.9 },
  { topP: 0.5, temperature: 1.7 },
  { minP: 0.05, temperature: 0.7 },
  { topK: 300, topP: 0.95, temperature: 0.8 },
  { topK: 40, topP: 0.95, minP: 0.05, temperature: 0.7 },
  { topK: 5000, minP: 0.001, temperature: 1.3 },
];

const single = (vocabSize: number, workgroupSize: SampleWorkgroupSize = 8): SampleShape => ({
  vocabSize,
  segmentLength: Math.ceil(vocabSize / 64) * 64,
  numSegments: 1,
  workgroupSize,
});

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    let opened: TestDevice;
    let harnessOf: ReturnType<typeof sampleHarnesses>;
    beforeAll(async () => {
      opened = await openTestDevice(name);
      harnessOf = sampleHarnesses(opened.device);
    });
    afterAll(() => {
      opened.close();
    });

    it.each([1, 7, 320, 512, 32000, 151936])(
      'the survivors are the oracle’s: vocabulary %i, seed 11',
      async (vocabSize) => {
        const random = seededRandom(11 + vocabSize);
        const pairs = LOGIT_KINDS.flatMap((kind) =>
          FILTERS.map((filter) => ({ kind, filter: { ...NO_FILTERS, ...filter } })),
        );
        // Large vocabularies take every fifth pair: all kinds, all filters, not all combinations.
        const cases = pairs.filter((_, i) => vocabSize < 1000 || i % 5 === 0);
        const logits = cases.map(({ kind }) => makeLogits(kind, vocabSize, random));
        const harness = harnessOf(single(vocabSize));
        const { records } = await harness.run(
          harness.layOut(logits),
          cases.map(({ filter }) => rowOf(filter)),
        );
        cases.forEach(({ kind, filter }, i) => {
          const row = logits[i] ?? new Float32Array();
          const record = records[i];
          const found = survivorsOfRecord(row, record?.threshold ?? { key: 0, rev: 0 });
          const label = `${kind} ${JSON.stringify(filter)}`;
          expect(differing(row, filter, found), label).toEqual([]);
          if (found.length === 0) expect(record?.status, label).toBe(RECORD_STATUS.noCandidate);
          else expect(found, label).toContain(record?.id);
        });
      },
    );

    it.each([1, 7, 512, 32000])(
      'greedy takes the largest, ties by lower id: vocabulary %i, seed 12',
      async (vocabSize) => {
        const random = seededRandom(12);
        const logits = LOGIT_KINDS.map((kind) => makeLogits(kind, vocabSize, random));
        const harness = harnessOf(single(vocabSize));
        const rows = logits.map(() => rowOf({ temperature: 0 }));
        const { records } = await harness.run(harness.layOut(logits), rows);
        const largest = logits.map((row) => row.reduce((best, x, id) => (x > (row[best] ?? x) ? id : best), 0));
        expect(records.map(({ id }) => id)).toEqual(largest);
      },
    );

    it('a row has the same bits among 1, 2, 5 and 16 rows, seed 13', async () => {
      const random = seededRandom(13);
      const logits = Array.from({ length: 16 }, (_, i) => makeLogits(LOGIT_KINDS[i % 6] ?? 'normal', 32000, random));
      const rows = logits.map((_, i) =>
        rowOf(FILTERS[i % FILTERS.length] ?? {}, { position: i, seed: 9, flags: ROW_FLAGS.logprobs, num_top: 20 }),
      );
      const harness = harnessOf(single(32000));
      const all = await harness.run(harness.layOut(logits), rows);
      for (const numRows of [1, 2, 5]) {
        const first = 16 - numRows;
        const some = await harness.run(harness.layOut(logits.slice(first)), rows.slice(first));
        expect([...some.words]).toEqual([...all.words.slice(first * RECORD_WORDS)]);
      }
    });

    it.each<[string, SampleShape, SampleShape]>([
      ['two segments', { ...single(32000), segmentLength: 16384, numSegments: 2 }, single(32000)],
      ['workgroups of 256', single(512, 256), single(512)],
    ])('draws the same with %s, seed 14', async (_, shape, plainShape) => {
      const random = seededRandom(14);
      const logits = LOGIT_KINDS.map((kind) => makeLogits(kind, shape.vocabSize, random));
      const wanted = { flags: ROW_FLAGS.logprobs, num_top: 20 };
      const rows = logits.map((_, i) => rowOf(FILTERS[i + 2] ?? {}, { position: i, ...wanted }));
      const outputs: unknown[] = [];
      for (const one of [shape, plainShape]) {
        const harness = harnessOf(one);
        const { records } = await harness.run(harness.layOut(logits), rows);
        outputs.push(records.map(({ id, top, threshold }) => ({ id, threshold, top: top.map((entry) => entry.id) })));
      }
      expect(outputs[0]).toEqual(outputs[1]);
    });

    it('writes the token where the row says, and nowhere else', async () => {
      const harness = harnessOf(single(7));
      const logits = [2, 3, 4].map((best) => Float32Array.from({ length: 7 }, (_, id) => (id === best ? 9 : 0)));
      const rows = [2, NONE, 0].map((token_index) => rowOf({ temperature: 0 }, { token_index }));
      const { tokens } = await harness.run(harness.layOut(logits), rows);
      expect([...tokens]).toEqual([4, 0, 2]);
    });

    it('reports a NaN and a row without candidates, and takes infinity for the largest', async () => {
      const harness = harnessOf(single(7));
      const logits = [
        [1, 2, NaN, 3, 0, 0, 0],
        [-Infinity, -Infinity, NaN, -Infinity, NaN, -Infinity, -Infinity],
        [1, 2, 3, Infinity, 4, -Infinity, 5],
        [0, 1, 2, 3, 4, 5, 6],
      ];
      const greedy = await harness.run(
        harness.layOut(logits),
        logits.map(() => rowOf({ temperature: 0 })),
      );
      const drawn = await harness.run(
        harness.layOut(logits),
        logits.map(() => ({ ...PLAIN_ROW, top_p: 0.5 })),
      );
      const { nan, noCandidate } = RECORD_STATUS;
      for (const { records } of [greedy, drawn]) {
        expect(records.map(({ status }) => status)).toEqual([nan, nan | noCandidate, 0, 0]);
        expect(records[1]?.id).toBe(0);
        expect(records[2]?.id).toBe(3);
      }
      expect(greedy.records.map(({ id }) => id)).toEqual([3, 0, 3, 6]);
    });
  });
}

/** Ids on which kernel and oracle disagree by more than rounding. */
function differing(row: Float32Array, filter: RefParams, found: readonly number[]): number[] {
  const expected = survivorsOf(row, filter);
  const inFound = new Set(found);
  const inExpected = new Set(expected.ids);
  const wrong = [...found.filter((id) => !inExpected.has(id)), ...expected.ids.filter((id) => !inFound.has(id))];
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const offset = filter.temperature * Math.log(filter.minP);
  return wrong.filter((id) => {
    const distance = Math.abs((row[id] ?? NaN) - largest - offset);
    const byMinP = filter.minP > 0 && distance <= TOLERANCE.minP(largest, offset);
    const byTopP = filter.topP < 1 && expected.topPMargin <= TOLERANCE.topP(row.length);
    return !byMinP && !byTopP;
  });
}
