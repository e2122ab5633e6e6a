/**
 * Bias, penalties, masks and counts, and log-probabilities, against the oracle. Tolerances are named and derived; each
 * has a control that shows it is small enough to notice a mistake.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHarnesses } from '../../../tools/node/sample-harness.ts';
import { openTestDevice, testAdapters, titleOf, type TestDevice } from '../../../tools/node/test-devices.ts';
import { NONE, PROMPT_BIT, RECORD_STATUS, ROW_FLAGS, type SampleRow } from './layout.ts';
import { encodeTokenList, type SampleShape } from './sample.ts';
import { encodeBiases, encodeHistory, LOGIT_KINDS, makeLogits, rowOf, seededRandom } from './sample.cases.ts';
import { adjustLogits, logprobsOf, NO_FILTERS, type RefHistory, type RefParams } from './sample.ref.ts';

const EPS = 2 ** -23;

const TOLERANCE = {
  /** x + bias, then * or / (2.5 ulp), then two products subtracted: at most 6 roundings of values of this size. */
  adjusted: (size: number) => 6 * EPS * size,
  /**
   * x - max - log(sum). exp: (3 + 2 |x|) ulp of terms that matter down to exp(-20); additions: 64 in a group, V / 64 / 8 a
   * thread, 18 in the tree, each half an ulp of the sum; log: 3 ulp of a value below 16; two subtractions.
   */
  logprob: (vocabSize: number, logprob: number) =>
    EPS * (43 + (64 + vocabSize / 512 + 18) / 2 + 48 + Math.abs(logprob)),
};

/** Two segments, so that every kernel that has a segment is run with the second one too. */
const SHAPE: SampleShape = { vocabSize: 7000, segmentLength: 4160, numSegments: 2, workgroupSize: 8 };

const PARAMS: RefParams = {
  ...NO_FILTERS,
  temperature: 0,
  repetitionPenalty: 1.3,
  presencePenalty: 0.4,
  frequencyPenalty: 0.25,
  logitBias: new Map([
    [0, 1.5],
    [4159, -3],
    [4160, 20],
    [6999, -100],
  ]),
};
const HISTORY: RefHistory = {
  prompt: new Set([0, 1, 17, 4160, 6998]),
  generated: new Map([
    [1, 2],
    [4159, 1],
    [4200, 7],
  ]),
};

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

    const counts = () => segmentsOf(encodeHistory(HISTORY, 2 * SHAPE.segmentLength));

    it('adjusts by bias and penalties, picks among the adjusted, counts what it picked; seed 31', async () => {
      const logits = makeLogits('normal', SHAPE.vocabSize, seededRandom(31));
      const harness = harnessOf(SHAPE);
      const input = { counts: counts(), bias: encodeBiases(PARAMS.logitBias), mask: new Uint32Array(1) };
      const output = await harness.run(harness.layOut([logits]), [rowOf(PARAMS)], input);
      const adjusted = output.adjusted.flatMap((segment) => [...segment]).slice(0, SHAPE.vocabSize);
      const expected = adjustLogits(logits, PARAMS, HISTORY);
      const size = (id: number) => 1.3 * (Math.abs(logits[id] ?? NaN) + Math.abs(PARAMS.logitBias.get(id) ?? 0)) + 3;
      const off = (against: Float64Array) =>
        adjusted.flatMap((x, id) => (Math.abs(x - (against[id] ?? NaN)) <= TOLERANCE.adjusted(size(id)) ? [] : [id]));
      expect(off(expected)).toEqual([]);
      expect(off(adjustLogits(logits, { ...PARAMS, frequencyPenalty: 0.2501 }, HISTORY))).toEqual([1, 4159, 4200]);
      // What nothing changes keeps its bits.
      expect(adjusted[5]).toBe(logits[5]);
      const best = expected.reduce((a, x, id) => (x > (expected[a] ?? x) ? id : a), 0);
      expect(output.records[0]?.id).toBe(best);
      const counted = output.counts.flatMap((segment) => [...segment]);
      const before = counts().flatMap((segment) => [...segment]);
      expect(counted.flatMap((n, id) => (n === before[id] ? [] : [[id, n - (before[id] ?? NaN)]]))).toEqual([
        [best, 1],
      ]);
    });

    it('takes drafts before a row for generated, and counts what was picked up to the first wrong one; seed 34', async () => {
      const harness = harnessOf(SHAPE);
      // The same logits for all rows of a sequence: what differs is the drafts.
      const [one, other] = [34, 35].map((seed) => makeLogits('normal', SHAPE.vocabSize, seededRandom(seed)));
      const logits = [one, one, one, one, other, other].map((row) => row ?? new Float32Array());
      const params = { ...PARAMS, logitBias: new Map() };
      // Two sequences: three drafts behind the first's row, one behind the second's.
      const numDrafts = [0, 1, 2, 3, 0, 1];
      const picks: number[] = [];
      const rows = numDrafts.map((num, i) => {
        const drafts = picks.slice(i - num, i);
        const generated = new Map(HISTORY.generated);
        for (const id of drafts) generated.set(id, (generated.get(id) ?? 0) + 1);
        const expected = adjustLogits(logits[i] ?? [], params, { ...HISTORY, generated });
        picks.push(expected.reduce((a, x, id) => (x > (expected[a] ?? x) ? id : a), 0));
        return { expected, row: rowOf(params, { num_drafts: num, draft: drafts.at(-1) ?? NONE }) };
      });
      const input = { counts: counts(), bias: new Uint32Array(2), mask: new Uint32Array(1) };
      const run = async (changed: (row: SampleRow, i: number) => SampleRow) => {
        const given = rows.map(({ row }, i) => changed(row, i));
        const output = await harness.run(harness.layOut(logits), given, input);
        const before = counts().flatMap((segment) => [...segment]);
        const counted = output.counts.flatMap((segment) => [...segment]).map((n, id) => n - (before[id] ?? NaN));
        const times = counted.flatMap((n, id) => new Array<number>(n).fill(id));
        return { ids: output.records.map(({ id }) => id), counted: times.sort((a, b) => a - b), output };
      };
      const ascending = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);

      const right = await run((row) => row);
      expect(new Set(picks.slice(0, 4)).size).toBeGreaterThan(2); // the drafts mattered
      expect(right.ids).toEqual(picks);
      expect(right.counted).toEqual(ascending(picks));
      for (const [i, { expected }] of rows.entries()) {
        for (const id of new Set([...picks.slice(0, i), 1, 4159, 4200])) {
          const segment = right.output.adjusted[id < SHAPE.segmentLength ? 0 : 1];
          const adjusted = segment?.[i * SHAPE.segmentLength + (id % SHAPE.segmentLength)] ?? NaN;
          expect(Math.abs(adjusted - (expected[id] ?? NaN))).toBeLessThanOrEqual(TOLERANCE.adjusted(30));
        }
      }

      // The second draft of the first sequence is wrong: what was picked behind it is not counted.
      const wrong = await run((row, i) => (i === 2 ? { ...row, draft: 4242 } : row));
      expect(wrong.ids.slice(0, 2)).toEqual(picks.slice(0, 2));
      expect(wrong.counted).toEqual(ascending([...picks.slice(0, 2), ...picks.slice(4)]));
    });

    it('draws only what the mask allows, and says so when it allows nothing; seed 32', async () => {
      const harness = harnessOf(SHAPE);
      const random = seededRandom(32);
      const allowed = [3, 64, 4159, 4160, 6999];
      const words = Math.ceil(SHAPE.vocabSize / 32);
      const mask = new Uint32Array(2 * words);
      for (const id of allowed) mask[id >>> 5] = ((mask[id >>> 5] ?? 0) | (1 << (id & 31))) >>> 0;
      const rows = Array.from({ length: 64 }, (_, position) =>
        rowOf({ temperature: 3 }, { position, mask_offset: position === 63 ? words : 0 }),
      );
      const logits = makeLogits('normal', SHAPE.vocabSize, random);
      const input = { counts: counts(), bias: new Uint32Array(2), mask };
      const { records } = await harness.run(harness.layOut(rows.map(() => logits)), rows, input);
      expect([...new Set(records.slice(0, 63).map(({ id }) => id))].sort((a, b) => a - b)).toEqual(allowed);
      expect(records[63]).toMatchObject({ id: 0, status: RECORD_STATUS.noCandidate });
    });

    it('counts a list of prompt and generated tokens, over what is there', async () => {
      const before = segmentsOf(new Uint32Array(2 * SHAPE.segmentLength));
      const list = encodeTokenList(0, [5, 5, 4160, 6999], [5, 4160, 4160, 9]);
      const after = (await harnessOf(SHAPE).count(list, before)).flatMap((segment) => [...segment]);
      expect(after.flatMap((n, id) => (n === 0 ? [] : [[id, n]]))).toEqual([
        [5, PROMPT_BIT + 1],
        [9, 1],
        [4160, PROMPT_BIT + 2],
        [6999, PROMPT_BIT],
      ]);
    });

    it.each([
      ['of the raw logits', false],
      ['of the raw logits, also when they are adjusted', true],
    ])('reports log-probabilities %s; seed 33', async (_, adjusting) => {
      const harness = harnessOf(SHAPE);
      const random = seededRandom(33);
      const kinds = LOGIT_KINDS.filter((kind) => kind !== 'hugeRange');
      const logits = kinds.map((kind) => makeLogits(kind, SHAPE.vocabSize, random));
      const wanted = { flags: ROW_FLAGS.logprobs | ROW_FLAGS.greedy, num_top: 20 };
      const rows = logits.map((_row, i) => rowOf(adjusting ? PARAMS : {}, { ...wanted, num_top: i === 1 ? 3 : 20 }));
      const bias = encodeBiases(PARAMS.logitBias);
      const input = adjusting ? { counts: counts(), bias, mask: new Uint32Array(1) } : undefined;
      const { records } = await harness.run(harness.layOut(logits), rows, input);
      logits.forEach((row, i) => {
        const exact = logprobsOf(row);
        const order = Array.from(row, (_x, id) => id).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b);
        const record = records[i];
        expect(record?.top.map(({ id }) => id)).toEqual(order.slice(0, i === 1 ? 3 : 20));
        for (const { id, logprob } of [...(record?.top ?? []), record ?? { id: -1, logprob: NaN }]) {
          const expected = exact[id] ?? NaN;
          expect(Math.abs(logprob - expected), kinds[i]).toBeLessThanOrEqual(
            TOLERANCE.logprob(SHAPE.vocabSize, expected),
          );
        }
        // Control: the tolerance would notice one of the thousand likeliest tokens left out of the sum.
        const share = Math.exp(exact[order[999] ?? -1] ?? NaN);
        if (kinds[i] === 'allEqual') expect(share).toBeGreaterThan(TOLERANCE.logprob(SHAPE.vocabSize, 9));
      });
    });
  });
}

function segmentsOf(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer>[] {
  return [words.slice(0, SHAPE.segmentLength), words.slice(SHAPE.segmentLength)];
}
