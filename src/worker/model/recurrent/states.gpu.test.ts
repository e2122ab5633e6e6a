/**
 * The bitwise promises of models with recurrent layers: a state is the same wherever a prompt was cut, whoever shares the step,
 * and in whichever slot it lies; one that was kept gives what the run it was taken from gave. And what a state costs: a prompt of
 * any length takes as many dispatches a chunk, and its bytes do not grow.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recurrentModel, RECURRENT_ARCHITECTURES } from '../../../../tools/fixtures/recurrent-model.ts';
import { openDawn } from '../../../../tools/node/dawn.ts';
import { testAdapters, titleOf } from '../../../../tools/node/test-devices.ts';
import { bufferSource } from '../../../cache/buffer-source.ts';
import { blockId, stateSlot, tokenId, type StateSlot, type TokenClass } from '../../tokens.ts';
import type { ModelRunner } from '../runner.ts';
import { openTinyModel } from '../testing/tiny-model.ts';

const NUM_PROMPT = 70; // more than two blocks
const END = 80;
const TOKENS = Array.from({ length: END }, (_, i) => (i * 37 + 11) % 256);
const OTHERS = TOKENS.map((token, i) => (i < 40 ? token : (token + 1) % 256));

/** Bits of the logits by position. */
type Bits = Map<number, Uint32Array>;

interface Take {
  readonly tokens: readonly number[];
  readonly first: number;
  readonly count: number;
  readonly from?: number | undefined;
  /** By the row; the last must have one. */
  readonly to: readonly (number | undefined)[];
  /** The first of its blocks. */
  readonly block?: number;
  readonly bits: Bits;
}

const slotOf = (index: number | undefined): StateSlot | undefined =>
  index === undefined ? undefined : stateSlot(index);

/** One step of one or several sequences, all of one class. */
async function step(runner: ModelRunner, tokenClass: TokenClass, takes: readonly Take[]): Promise<void> {
  const rows = takes.flatMap(({ tokens, first, count }, sequence) =>
    Array.from({ length: count }, (_, i) => ({
      sequence,
      token: tokenId(tokens[first + i] ?? 0),
      position: first + i,
      tokenClass,
      wantLogits: true,
    })),
  );
  runner.forward({
    sequences: takes.map(({ first, count, from, to, block = 0 }) => ({
      blockTable: Array.from({ length: Math.ceil((first + count) / 32) }, (_, i) => blockId(block + i)),
      length: first + count,
      states: { from: slotOf(from), to: to.map(slotOf) },
    })),
    rows,
    copies: [],
  });
  const logits = await runner.readLogits(rows.length);
  rows.forEach(({ sequence, position }, r) => {
    const row = logits[r];
    if (row === undefined) throw new Error('a row without logits');
    takes[sequence]?.bits.set(position, new Uint32Array(row.buffer));
  });
}

const lastOnly = (count: number, slot: number) => [...new Array<undefined>(count - 1).fill(undefined), slot];

/** A sequence alone in slot 0, the prompt in chunks of `chunk`, then tokens `group` at a time. */
async function straight(runner: ModelRunner, tokens: readonly number[], chunk: number, group = 1): Promise<Bits> {
  const bits: Bits = new Map();
  for (let first = 0; first < END;) {
    const isPrompt = first < NUM_PROMPT;
    const count = Math.min(isPrompt ? chunk : group, (isPrompt ? NUM_PROMPT : END) - first);
    const from = first === 0 ? undefined : 0;
    await step(runner, isPrompt ? 'prompt' : 'generated', [
      { tokens, first, count, from, to: lastOnly(count, 0), bits },
    ]);
    first += count;
  }
  return bits;
}

/** Positions whose bits differ. */
function differing(actual: Bits, expected: Bits): readonly number[] {
  return [...actual].flatMap(([position, bits]) => {
    const other = expected.get(position);
    return bits.every((word, i) => word === other?.[i]) ? [] : [position];
  });
}

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    describe.each(RECURRENT_ARCHITECTURES)('%s', (architecture) => {
      let runner: ModelRunner;
      let line: Bits;
      beforeAll(async () => {
        const { adapter } = await openDawn({ adapter: name });
        runner = await openTinyModel(adapter, bufferSource(recurrentModel(architecture)), {});
        line = await straight(runner, TOKENS, NUM_PROMPT);
      });
      afterAll(() => {
        runner.gpu.destroy();
      });

      it('control: logits are numbers that depend on tokens long past', async () => {
        const last = new Float32Array((line.get(END - 1) ?? new Uint32Array()).buffer);
        expect(last.every(Number.isFinite)).toBe(true);
        expect(new Set(last).size).toBeGreaterThan(100);
        const others = await straight(runner, OTHERS, NUM_PROMPT);
        expect(differing(others, line)).toEqual(Array.from({ length: 40 }, (_, i) => 40 + i));
      });

      it('any cut of the prompt, and generated tokens several at a time', async () => {
        for (const [chunk, group] of [
          [1, 10],
          [7, 3],
          [64, 2],
        ] as const) {
          expect(differing(await straight(runner, TOKENS, chunk, group), line), `chunks of ${String(chunk)}`).toEqual(
            [],
          );
        }
      });

      it('a state that was kept: between rows, before a wrong guess, and for a second sequence', async () => {
        const bits: Bits = new Map();
        // Kept behind token 50 in slot 3 and at the end of the prompt in slot 2.
        const to = Array.from({ length: NUM_PROMPT }, (_, i) => (i === 50 ? 3 : i === NUM_PROMPT - 1 ? 2 : undefined));
        await step(runner, 'prompt', [{ tokens: TOKENS, first: 0, count: NUM_PROMPT, to, bits }]);
        // Six rows, of which three are right; every row keeps its state.
        const guessed = TOKENS.map((token, i) => (i < NUM_PROMPT + 3 ? token : (token + 5) % 256));
        const verified: Bits = new Map();
        const [first, count] = [NUM_PROMPT, 6];
        await step(runner, 'generated', [
          { tokens: guessed, first, count, from: 2, to: [0, 1, 5, 6, 7, 8], bits: verified },
        ]);
        for (let i = 0; i < 3; i++) bits.set(first + i, verified.get(first + i) ?? new Uint32Array());
        for (let position = first + 3; position < END; position++) {
          const from = position === first + 3 ? 5 : 4;
          await step(runner, 'generated', [{ tokens: TOKENS, first: position, count: 1, from, to: [4], bits }]);
        }
        expect(differing(bits, line)).toEqual([]);
        expect(differing(new Map([[first + 3, verified.get(first + 3) ?? new Uint32Array()]]), line)).not.toEqual([]);
        // From the state between rows the rest of the prompt is computed again.
        const again: Bits = new Map();
        await step(runner, 'prompt', [
          { tokens: TOKENS, first: 51, count: NUM_PROMPT - 51, from: 3, to: lastOnly(NUM_PROMPT - 51, 9), bits: again },
        ]);
        expect(differing(again, line)).toEqual([]);
      });

      it('beside others in the step, in any slot', async () => {
        const expected = await straight(runner, OTHERS, NUM_PROMPT);
        const one: Bits = new Map();
        const other: Bits = new Map();
        const both = (first: number, count: number, from: boolean) => [
          { tokens: TOKENS, first, count, from: from ? 1 : undefined, to: lastOnly(count, 1), block: 4, bits: one },
          { tokens: OTHERS, first, count, from: from ? 0 : undefined, to: lastOnly(count, 0), block: 10, bits: other },
        ];
        await step(runner, 'prompt', both(0, 33, false));
        await step(runner, 'prompt', both(33, NUM_PROMPT - 33, true));
        for (let first = NUM_PROMPT; first < END; first++) await step(runner, 'generated', both(first, 1, true));
        expect(differing(one, line)).toEqual([]);
        expect(differing(other, expected)).toEqual([]);
      });

      it('takes as many dispatches for a chunk of 70 tokens as for one of 7', async () => {
        const { counters } = runner.gpu;
        const count = async (length: number) => {
          const before = counters.numDispatches;
          const to = lastOnly(length, 0);
          await step(runner, 'prompt', [{ tokens: TOKENS, first: 0, count: length, to, bits: new Map() }]);
          return counters.numDispatches - before;
        };
        expect(await count(70)).toBe(await count(7));
      });
    });
  });
}
