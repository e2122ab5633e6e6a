/**
 * Several samples of one prompt: the prompt is computed once, and each says what it says alone, to the bit; with the kernels of a
 * GPU weights are read once a step for all of them. Counters, no clocks.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openNull } from '../../../tools/node/null-engine.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';

const MODEL = resolve(import.meta.dirname, '../../../public/models/linnet-mini-q4_0.gguf');
const NUM_SAMPLES = 4;
const NUM_TOKENS = 12;
const ASK: Ask = {
  // Its last block of the cache is full in part.
  input: { kind: 'tokens', ids: Array.from({ length: 75 }, (_, i) => 300 + ((i * 37) % 500)) },
  maxTokens: NUM_TOKENS,
  ignoreEos: true,
  speculation: 'off',
};
const sampling = (sample: number) => ({
  temperature: 1.5,
  topK: 0,
  topP: 1,
  minP: 0,
  seed: 7 + sample,
  topLogprobs: 2,
});
const saidBy = ({ result, events }: Generated) => [result.text, events.filter(({ kind }) => kind === 'logprobs')];

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`samples of one prompt ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let model: string;
    beforeAll(async () => {
      engine = await TestEngine.open(name);
      const source = { kind: 'file', file: new File([readFileSync(MODEL)], 'mini.gguf') } as const;
      ({ handle: model } = await engine.load({ source }));
    }, 300_000);

    const SHORT: Ask = { ...ASK, maxTokens: 3 };
    const askAll = (request: string, ask: Ask = ASK) =>
      Promise.all(
        Array.from({ length: NUM_SAMPLES }, (_, i) => {
          const first = i === 0 ? { request } : { samePromptAs: request };
          return engine.ask(model, { ...ask, ...first, sampling: sampling(i) });
        }),
      );

    it('is computed once, and each says what it says alone', async () => {
      const before = await engine.engine.stats();
      const samples = await askAll('first');
      const after = await engine.engine.stats();
      // Each but the first computes the prompt's last token again, for logits of its own.
      expect(after.numPromptRows - before.numPromptRows).toBe(75 + NUM_SAMPLES - 1);
      expect(samples.slice(1).map(({ result }) => result.numCachedTokens)).toEqual([74, 74, 74]);
      // When the others join depends on the clock; one after the other they would take four times as many.
      expect(after.numSteps - before.numSteps).toBeLessThan(2 * NUM_TOKENS);

      const said = samples.map(saidBy);
      expect(new Set(samples.map(({ result }) => result.text)).size).toBe(NUM_SAMPLES);
      for (const [i, expected] of said.entries()) {
        const alone = await engine.ask(model, { ...ASK, sampling: sampling(i) });
        expect(saidBy(alone)).toEqual(expected);
      }
    });

    it('says the same with guesses, and when the cache is warm', async () => {
      const ask: Ask = { ...ASK, maxTokens: 6, speculation: 'ngram' };
      const once = await askAll('second', ask);
      const again = await askAll('third', ask);
      expect(again.map(saidBy)).toEqual(once.map(saidBy));
    });

    it('waits for nothing when the first is over, unknown or fails', async () => {
      const [alone] = await askAll('fourth', SHORT);
      const late = await engine.ask(model, { ...SHORT, samePromptAs: 'fourth', sampling: sampling(0) });
      expect(alone === undefined ? undefined : saidBy(alone)).toEqual(saidBy(late));
      const bad: Ask = { ...SHORT, request: 'fifth', sampling: { topP: 0 } };
      const [first, second] = await Promise.allSettled([
        engine.ask(model, bad),
        engine.ask(model, { ...SHORT, samePromptAs: 'fifth', sampling: sampling(0) }),
      ]);
      expect(first.status).toBe('rejected');
      expect(second.status).toBe('fulfilled');
    });

    it('waits for no request that came later, nor for itself', async () => {
      const ask = (request: string, samePromptAs: string) => engine.ask(model, { ...SHORT, request, samePromptAs });
      const all = await Promise.all([ask('sixth', 'seventh'), ask('seventh', 'sixth'), ask('eighth', 'eighth')]);
      expect(all.map(({ result }) => result.finishReason)).toEqual(['length', 'length', 'length']);
    });
  });
}

describe('weights, with the kernels of a GPU', () => {
  it('are read once a step for up to four samples, and twice for five', async () => {
    const { engine, handle } = await openNull();
    const bytesPerStep = async (numSamples: number) => {
      const ask: Ask = { input: { kind: 'text', text: 'ba' }, maxTokens: 8, ignoreEos: true, speculation: 'off' };
      await Promise.all(Array.from({ length: numSamples }, () => engine.ask(handle, ask)));
      return (await engine.engine.stats()).lastDecodeStep.weightBytesRead;
    };
    const once = await bytesPerStep(1);
    expect(once).toBeGreaterThan(0);
    expect(await bytesPerStep(NUM_SAMPLES)).toBe(once);
    expect(await bytesPerStep(NUM_SAMPLES + 1)).toBe(2 * once);
  });
});
