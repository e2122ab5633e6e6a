/**
 * The bitwise promises of the forward pass: the logits of a row depend on its tokens and their classes, and on nothing
 * else - not on the rows beside it, the cuts of its prompt, its blocks, or the history of its cache. Every comparison is
 * of bits, for every row, on a tiny model, for each set of kernel variants.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { testAdapters, titleOf } from '../../../tools/node/test-devices.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import { seededRandom, shuffled, wholeBelow } from '../../shaders/testing/values.ts';
import type { ModelRunner } from './runner.ts';
import {
  bitDifferences,
  driveAlone,
  drivenSequence,
  driveStep,
  NUM_NAMED_BLOCKS,
  type DrivenSequence,
  type LogitBits,
} from './testing/row-driver.ts';
import { openTinyModel, TINY_VOCABULARY, type TinySetup } from './testing/tiny-model.ts';

// Small: barriers are dear on software adapters. Long sums and the other weight types are the kernels' own tests' part.
const SHAPE = {
  hiddenSize: 32,
  numLayers: 2,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 8,
  ffnSize: 96,
  vocabSize: TINY_VOCABULARY,
  contextLength: 256,
  ropeTheta: 10000,
  rmsNormEps: 1e-5,
  tiedHead: false,
} as const;
const WEIGHTS = {
  type: 'Q8_0',
  types: { embedding: 'F16', v: 'Q4_0', o: 'F16', down: 'Q4_0', head: 'F32' },
  seed: 5,
} as const;

/** Rows that stand together take different experts, and fill other tiles than alone. */
const EXPERTS = { numExperts: 5, numUsed: 2, ffnSize: 32, sharedFfnSize: 64 } as const;

interface Setup extends TinySetup {
  readonly title: string;
  readonly experts?: typeof EXPERTS;
  readonly needs?: GPUFeatureName;
  /** Differs from another setup in the sums of generated rows alone: only those are tested, for the time it takes. */
  readonly generatedOnly?: boolean;
}

const BY_ROWS = { gemm: 'rows', gemv: 'rows', attention: 'rows' } as const;
const onGpu = { gemm: 'tiled', attention: 'flash' } as const;
const SETUPS: readonly Setup[] = [
  {
    title: 'the variants for software',
    variants: { gemm: 'columns', gemv: 'columns', attention: 'rows' },
    needs: 'subgroups',
  },
  { title: 'the variants for software without subgroups', variants: BY_ROWS, generatedOnly: true },
  { title: 'lanes, tiles, flash', variants: { ...onGpu, gemv: 'lanes' } },
  {
    title: 'subgroups, tiles, flash',
    variants: { ...onGpu, gemv: 'subgroups' },
    needs: 'subgroups',
    generatedOnly: true,
  },
  {
    title: 'lanes, tiles, flash, without subgroups and f16',
    variants: { ...onGpu, gemv: 'lanes' },
    withoutFeatures: ['subgroups', 'shader-f16'],
    generatedOnly: true,
  },
  // A block takes 2 KiB in a layer's keys: 640 blocks a shard, and a binding still holds every row's logits.
  {
    title: 'three shards of the cache',
    variants: { gemm: 'tiled', gemv: 'rows' },
    maxBindingBytes: 640 * 2048,
    numBlocks: 1600,
  },
  // Rows are rounded each on its own. The head, o and the embedding stay exact.
  { title: 'in int8, software', variants: BY_ROWS, precision: 'int8' },
  {
    title: 'in int8, lanes and tiles',
    variants: { ...onGpu, gemv: 'lanes', gemvInt8: 'lanes', gemmInt8: 'tiled' },
    precision: 'int8',
    generatedOnly: true,
  },
  // What a row appends is quantised on its own: everything above holds for these caches too.
  { title: 'software, a cache of q8_0', variants: BY_ROWS, kvLayout: 'q8_0' },
  { title: 'software, a cache of q4_0', variants: BY_ROWS, kvLayout: 'q4_0' },
  // A block of q8_0 takes 768 bytes in a layer's keys.
  {
    title: 'three shards of a cache of q8_0',
    variants: { gemm: 'tiled', gemv: 'rows' },
    kvLayout: 'q8_0',
    maxBindingBytes: 1707 * 768,
    numBlocks: 4300,
  },
  { title: 'experts, software', variants: BY_ROWS, experts: EXPERTS },
  { title: 'experts, lanes and tiles', variants: { ...onGpu, gemv: 'lanes' }, experts: EXPERTS },
];

const PROMPT = 120;
const END = 136; // past the first chunk of 128 keys, and past block boundaries
const random = seededRandom(7);
const randomTokens = (length: number) => Array.from({ length }, () => wholeBelow(random, TINY_VOCABULARY));
const TOKENS = randomTokens(END);
const OTHER_END = [...TOKENS.slice(0, 124), ...randomTokens(END - 124)];
const SHORT = Array.from({ length: 16 }, (_, i) => (i === 5 ? TOKENS.slice(0, 9) : randomTokens(3 + 2 * i)));
const SHUFFLED = shuffled(random, NUM_NAMED_BLOCKS);
const NOTHING: LogitBits = new Map();
const FORWARD = Array.from({ length: NUM_NAMED_BLOCKS }, (_, i) => i);
const REVERSED = [...FORWARD].reverse();

/** What a run of one sequence alone gives, prompt at once, then one token at a time. */
async function straight(runner: ModelRunner, tokens: readonly number[], numPrompt: number): Promise<LogitBits> {
  const sequence = drivenSequence(tokens, FORWARD);
  await driveAlone(runner, sequence, 'prompt', numPrompt, numPrompt);
  await driveAlone(runner, sequence, 'generated', tokens.length, 1);
  return sequence.bits;
}

async function prefilled(runner: ModelRunner, tokens: readonly number[], numPrompt: number, blocks: readonly number[]) {
  const sequence = drivenSequence(tokens, blocks);
  await driveAlone(runner, sequence, 'prompt', numPrompt, 64);
  return sequence;
}

const next = (sequence: DrivenSequence, count = 1) => ({ sequence, count, tokenClass: 'generated' as const });
const chunk = (sequence: DrivenSequence, count: number) => ({ sequence, count, tokenClass: 'prompt' as const });

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    const lines = new Map<string, LogitBits>();
    for (const setup of SETUPS) describe(setup.title, () => describeSetup(setup, lines));

    it('lanes, subgroups and lanes without features give the same bits', () => {
      const [first, ...others] = [...lines].filter(([title]) => title.includes('flash'));
      for (const [title, bits] of others) expect(bitDifferences(bits, first?.[1] ?? NOTHING), title).toEqual([]);
      expect(others.length).toBeGreaterThan(0);
    });
  });

  function describeSetup(setup: Setup, lines: Map<string, LogitBits>): void {
    let runner: ModelRunner | undefined;
    let line: LogitBits = new Map(); // the straight run of TOKENS
    beforeAll(async () => {
      const { adapter } = await openDawn({ adapter: name });
      if (setup.needs !== undefined && !adapter.features.has(setup.needs)) return;
      const { experts } = setup;
      const shape = experts === undefined ? SHAPE : { ...SHAPE, experts };
      runner = await openTinyModel(adapter, bufferSource(await syntheticBytes(shape, WEIGHTS)), setup);
      line = await straight(runner, TOKENS, PROMPT);
      lines.set(setup.title, line);
    });
    afterAll(() => runner?.gpu.destroy());
    const test = (title: string, body: (runner: ModelRunner) => Promise<void>) =>
      it(title, async ({ skip }) => {
        if (runner === undefined) return skip(`the adapter has no ${String(setup.needs)}`);
        await body(runner);
      });

    test('control: logits are numbers that differ, and the other class of the same tokens gives other bits', async (model) => {
      const logits = new Float32Array((line.get(END - 1) ?? new Uint32Array()).buffer);
      expect(logits.every(Number.isFinite)).toBe(true);
      expect(new Set(logits).size).toBeGreaterThan(100);
      expect(model.plan.sizes.kv.numShards).toBe(setup.numBlocks === undefined ? 1 : 3);
      const asPrompt = drivenSequence(TOKENS, FORWARD);
      await driveAlone(model, asPrompt, 'prompt', END, END);
      expect(bitDifferences(asPrompt.bits, line, PROMPT)).not.toEqual([]);
      expect(bitDifferences(asPrompt.bits, new Map([...line, ...asPrompt.bits]))).toEqual([]);
    });

    if (setup.generatedOnly !== true) describeSteps(test, () => line);

    test('generated tokens 2, 5 or 16 at a time, as one at a time', async (model) => {
      for (const size of [2, 5, 16]) {
        const sequence = await prefilled(model, TOKENS, PROMPT, SHUFFLED);
        await driveAlone(model, sequence, 'generated', END, size);
        expect(bitDifferences(sequence.bits, line), `${String(size)} at a time`).toEqual([]);
      }
    });
  }
}

type DefineTest = (title: string, body: (runner: ModelRunner) => Promise<void>) => void;

/** What concerns prompt rows, neighbours and the cache; `line` is the straight run of TOKENS. */
function describeSteps(test: DefineTest, line: () => LogitBits): void {
  test('any cut of the prompt, wherever its blocks lie', async (model) => {
    for (const [size, blocks] of [
      [1, SHUFFLED],
      [7, REVERSED],
      [16, SHUFFLED],
      [31, REVERSED],
      [64, SHUFFLED],
      [PROMPT, REVERSED],
    ] as const) {
      const sequence = drivenSequence(TOKENS, blocks);
      await driveAlone(model, sequence, 'prompt', size === 1 ? 34 : PROMPT, size);
      await driveAlone(model, sequence, 'prompt', PROMPT, PROMPT);
      expect(bitDifferences(sequence.bits, line()), `chunks of ${String(size)}`).toEqual([]);
    }
  });

  test('a step that prefills one sequence beside the decoding of others', async (model) => {
    const one = await prefilled(model, TOKENS, PROMPT, SHUFFLED.slice(0, 10));
    const two = await prefilled(model, TOKENS, PROMPT, SHUFFLED.slice(10, 20));
    const three = drivenSequence(TOKENS, SHUFFLED.slice(20));
    for (const size of [33, 1, 16, 50, 20]) await driveStep(model, [chunk(three, size), next(one), next(two, 3)]);
    for (const sequence of [one, two, three]) expect(bitDifferences(sequence.bits, line())).toEqual([]);
  });

  test('a fork in the middle of a block: both go on as if alone', async (model) => {
    const expected = await straight(model, OTHER_END, PROMPT);
    const first = await prefilled(model, TOKENS, PROMPT, SHUFFLED);
    await driveAlone(model, first, 'generated', 124, 1);
    const [from = NaN, to = NaN] = [SHUFFLED[3], SHUFFLED[30]];
    const second = drivenSequence(OTHER_END, [...SHUFFLED.slice(0, 3), to, ...SHUFFLED.slice(31)], 124);
    const copy = { from, to, numTokens: 124 - 96 };
    await driveStep(model, [next(second), next(first)], [copy]);
    for (let i = 125; i < END; i++) await driveStep(model, [next(first), next(second)]);
    expect(bitDifferences(first.bits, line())).toEqual([]);
    expect(bitDifferences(second.bits, expected)).toEqual([]);
    expect(bitDifferences(second.bits, line())).not.toEqual([]);
  });

  test('alone, or among 2, 5 or 16 sequences, in either class', async (model) => {
    const alone: LogitBits[] = [];
    for (const tokens of SHORT) alone.push(await straight(model, tokens, tokens.length - 2));
    for (const size of [2, 5, 16]) {
      const some = SHORT.slice(-size).map((tokens, i) => drivenSequence(tokens, SHUFFLED.slice(2 * i)));
      // Prompts of up to 31 tokens, one or two blocks each, all in one step.
      const prompts = some.map((sequence) => chunk(sequence, sequence.tokens.length - 2));
      await driveStep(model, prompts.slice(0, 5));
      for (let i = 5; i < size; i += 5) await driveStep(model, prompts.slice(i, i + 5));
      for (let i = 0; i < 2; i++)
        await driveStep(
          model,
          some.map((sequence) => next(sequence)),
        );
      some.forEach((sequence, i) => {
        const expected = alone[SHORT.length - size + i] ?? NOTHING;
        expect(bitDifferences(sequence.bits, expected), `${String(i)} of ${String(size)}`).toEqual([]);
      });
    }
  });

  test('a truncation: what is written anew counts, what was there does not', async (model) => {
    const sequence = await prefilled(model, OTHER_END, PROMPT, REVERSED);
    await driveAlone(model, sequence, 'generated', END, 1);
    const again = drivenSequence(TOKENS, REVERSED, 122); // tokens 122 and 123 are the same in both
    await driveAlone(model, again, 'generated', END, 1);
    expect(bitDifferences(again.bits, line())).toEqual([]);
  });
}
