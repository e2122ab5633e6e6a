/**
 * Vectors of texts by models that generate text: against a forward pass in f64, beside generations that must not notice, and what is
 * refused by name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bufferSource } from '../../cache/buffer-source.ts';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';
import { LlamaOracle } from '../../../tools/oracle/llama.ts';
import type { EmbedRequest } from '../api.ts';

const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => 3 + ((first + i * 29) % 250));
/** Of several chunks of a prompt and longer than the window; and of less than a block. */
const TEXTS = [idsFrom(0, 150), idsFrom(5, 7)];

const MODELS = [
  { what: 'llama', bytes: () => syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 3 }) },
  {
    what: 'gemma3',
    bytes: () =>
      syntheticBytes({ ...TINY_SHAPE, architecture: 'gemma3', numLayers: 6, window: 20 }, { type: 'Q8_0', seed: 7 }),
  },
  { what: 'lfm2', bytes: () => Promise.resolve(recurrentModel('lfm2')) },
] as const;

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );
const drawn = ({ events }: Generated) => events.filter((event) => event.kind === 'logprobs');
const meanOf = (rows: readonly ArrayLike<number>[]) =>
  Array.from(rows[0] ?? [], (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? NaN), 0) / rows.length);

/** The largest difference, as a share of the root mean square. */
function deviation(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  const values = Array.from(expected);
  const rms = Math.hypot(...values) / Math.sqrt(values.length);
  return Math.max(...values.map((value, i) => Math.abs((actual?.[i] ?? NaN) - value))) / rms;
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`hidden states ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let numRequests = 0;
    const load = async (bytes: Uint8Array<ArrayBuffer>, contextLength?: number) => {
      const source = { kind: 'file', file: new File([bytes], 'model.gguf') } as const;
      const context = contextLength === undefined ? {} : { contextLength };
      return (await engine.load({ source, kvType: 'f32', selfTest: 'skip', ...context })).handle;
    };
    const embed = (model: string, inputs: EmbedRequest['inputs'], options: Partial<EmbedRequest> = {}) =>
      engine.engine.embed({ client: 'test', request: `embed-${String(++numRequests)}`, model, inputs, ...options });
    beforeAll(async () => {
      engine = await TestEngine.open(name);
    }, 300_000);
    afterAll(() => {
      for (const device of engine.devices) device.destroy();
    });

    it.each(MODELS)('are pooled as in exact arithmetic: $what', async ({ bytes }) => {
      const file = await bytes();
      const [model, oracle] = [await load(file), await LlamaOracle.open(bufferSource(file))];
      const mean = await embed(model, TEXTS);
      const last = await embed(model, TEXTS, { pooling: 'last' });
      expect(mean.numTokens).toBe(157);
      for (const [i, text] of TEXTS.entries()) {
        const states = await oracle.hiddenStates(
          text,
          text.map((_, position) => position),
        );
        expect(mean.embeddings[i]).toHaveLength(states[0]?.length ?? NaN);
        expect(deviation(mean.embeddings[i], meanOf(states))).toBeLessThan(1e-4);
        expect(deviation(last.embeddings[i], states.at(-1) ?? [])).toBeLessThan(1e-4);
      }
      expect((await embed(model, TEXTS, { pooling: 'mean' })).embeddings).toEqual(mean.embeddings);
      const [unit] = (await embed(model, TEXTS, { normalize: true })).embeddings;
      expect(Math.hypot(...(unit ?? []))).toBeCloseTo(1, 6);
      await engine.engine.unload(model);
    });

    it('of a model of states alone: the mean is that of the last of all beginnings', async () => {
      const model = await load(recurrentModel('mamba'));
      const text = idsFrom(9, 40);
      const beginnings = text.map((_, i) => text.slice(0, i + 1));
      const { embeddings } = await embed(model, beginnings, { pooling: 'last' });
      const [mean] = (await embed(model, [text])).embeddings;
      expect(deviation(mean, meanOf(embeddings))).toBeLessThan(1e-5);
      expect(deviation(embeddings[0], embeddings.at(-1) ?? [])).toBeGreaterThan(0.1);
      await engine.engine.unload(model);
    });

    it.each(MODELS)('leave generations their bits, the cache and the room: $what', async ({ bytes }) => {
      const file = await bytes();
      const [model, lone] = [await load(file, 128), await load(file, 128)];
      const asks = [0, 1, 2, 3].map((i): Ask => {
        const sampling = { temperature: 1.2, topK: 0, topP: 1, minP: 0, seed: i, topLogprobs: 1 };
        return { input: { kind: 'tokens', ids: idsFrom(i, 100) }, sampling, ignoreEos: true, maxTokens: 4 };
      });
      const alone = await Promise.all(asks.map((ask) => engine.ask(lone, ask)));
      const [text, short] = [idsFrom(77, 120), idsFrom(0, 90)];
      const vectors = (await embed(lone, [text, short])).embeddings;
      // Four answers take more than the cache has, so that the text has to wait, or is interrupted.
      const running = asks.map((ask) => engine.ask(model, ask));
      const beside = await embed(model, [text, short]);
      const generated = await Promise.all(running);
      expect(beside.embeddings).toEqual(vectors);
      expect(generated.map(drawn)).toEqual(alone.map(drawn));
      expect(generated.map(({ result }) => result.finishReason)).toEqual(
        alone.map(({ result }) => result.finishReason),
      );
      await engine.engine.unload(model);
      await engine.engine.unload(lone);
    });

    it('neither find cached tokens nor leave some', async () => {
      const model = await load(await MODELS[0].bytes());
      const ids = idsFrom(3, 100);
      const ask: Ask = { input: { kind: 'tokens', ids }, sampling: { temperature: 0 }, ignoreEos: true, maxTokens: 2 };
      const [before] = (await embed(model, [ids])).embeddings;
      expect((await engine.ask(model, ask)).result.numCachedTokens).toBe(0);
      const [after] = (await embed(model, [ids])).embeddings;
      expect(after).toEqual(before);
      expect((await engine.ask(model, ask)).result.numCachedTokens).toBe(ids.length - 1);
      await engine.engine.unload(model);
    });

    it('are refused by name, and end with Aborted, with the model and with the device', async () => {
      const model = await load(await MODELS[0].bytes(), 128);
      expect(await errorOf(embed(model, [[5], new Array<number>(129).fill(5)]))).toMatch(
        /^ContextFull: Text 1 has 129 tokens, and this model takes 128/,
      );
      expect(await errorOf(embed(model, [[]]))).toMatch(/^InvalidRequest: Text 0 is empty/);
      expect(await errorOf(embed(model, [[512]]))).toMatch(/^InvalidRequest: 512 is no token/);
      const wrong = embed(model, ['a'], { pooling: 'cls' as 'mean' });
      expect(await errorOf(wrong)).toMatch(/^InvalidRequest: pooling is cls; it must be mean or last/);
      expect(await embed(model, [])).toEqual({ embeddings: [], numTokens: 0 });
      const many = new Array<number[]>(64).fill(idsFrom(0, 100));
      const aborted = embed(model, many, { request: 'long' });
      await engine.engine.abort('test', 'long');
      expect(await errorOf(aborted)).toMatch(/^Aborted/);
      const last = embed(model, many);
      await engine.engine.unload(model);
      expect(await errorOf(last)).toMatch(/^ModelNotLoaded/);
      const other = await load(await MODELS[0].bytes());
      const lost = embed(other, many);
      engine.devices.at(-1)?.destroy();
      expect(await errorOf(lost)).toMatch(/^DeviceLost/);
    });
  });
}
