/**
 * Embeddings through the engine, with an encoder of the reference corpus: texts against its golden, alone and among others, and
 * what is refused by name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestEngine } from '../../tools/node/test-engine.ts';
import { openTestAdapters } from '../../tools/node/test-devices.ts';

const REFERENCE = resolve(process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../shared/reference'));
const missing = existsSync(REFERENCE) ? '' : ' (skipped: the reference corpus is not beside this checkout)';

interface Golden {
  readonly prompts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly exact: { readonly vector: readonly number[] };
  }[];
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped') || missing !== '')(`embeddings ${title}${missing}`, () => {
    let engine: TestEngine;
    let model: string;
    let golden: Golden;
    let numRequests = 0;
    const embed = (inputs: readonly (string | readonly number[])[], normalize = false, request?: string) =>
      engine.engine.embed({
        client: 'test',
        request: request ?? `embed-${String(++numRequests)}`,
        model,
        inputs,
        normalize,
      });

    beforeAll(async () => {
      golden = JSON.parse(readFileSync(join(REFERENCE, 'goldens/gemma-embedding.json'), 'utf8')) as Golden;
      const bytes = readFileSync(join(REFERENCE, 'models/gemma-embedding.gguf'));
      engine = await TestEngine.open(name);
      const source = { kind: 'file', file: new File([new Uint8Array(bytes)], 'gemma-embedding.gguf') } as const;
      const loaded = await engine.load({ source });
      expect(loaded).toMatchObject({ task: 'embedding', isChatModel: false, contextLength: 512 });
      model = loaded.handle;
    }, 240_000);

    it('are those of the golden, of texts and of ids', async () => {
      const { embeddings, numTokens } = await embed(golden.prompts.flatMap(({ text, ids }) => [text, ids]));
      expect(numTokens).toBe(2 * golden.prompts.reduce((sum, { ids }) => sum + ids.length, 0));
      golden.prompts.forEach(({ exact }, i) => {
        const [ofText, ofIds] = [embeddings[2 * i], embeddings[2 * i + 1]];
        expect(ofText).toEqual(ofIds);
        const worst = exact.vector.map((value, e) => Math.abs((ofText?.[e] ?? NaN) - value));
        expect(ofText).toHaveLength(exact.vector.length);
        expect(Math.max(...worst)).toBeLessThan(1e-4);
      });
    });

    it('have the same bits alone and among others', async () => {
      const [first = '', second = ''] = golden.prompts.map(({ text }) => text);
      const together = await embed(['other', first, second, first]);
      const [, among, , again] = together.embeddings;
      expect((await embed([first])).embeddings[0]).toEqual(among);
      expect(again).toEqual(among);
    });

    it('have length 1 where that is asked for', async () => {
      const [plain] = (await embed(['some text'])).embeddings;
      const [unit] = (await embed(['some text'], true)).embeddings;
      expect(Math.hypot(...(unit ?? []))).toBeCloseTo(1, 6);
      expect(Math.hypot(...(plain ?? []))).not.toBeCloseTo(1, 2);
      const cosine = (unit ?? new Float32Array()).reduce((sum, value, i) => sum + value * (plain?.[i] ?? NaN), 0);
      expect(cosine).toBeCloseTo(Math.hypot(...(plain ?? [])), 4);
    });

    it('of no texts are none', async () => {
      expect(await embed([])).toEqual({ embeddings: [], numTokens: 0 });
    });

    it('are refused by name', async () => {
      expect(await errorOf(embed(['fine', new Array<number>(513).fill(5)]))).toMatch(
        /^ContextFull: Text 1 has 513 tokens/,
      );
      expect(await errorOf(embed([[]]))).toMatch(/^InvalidRequest: Text 0 is empty/);
      expect(await errorOf(embed([[1, 512]]))).toMatch(/^InvalidRequest: 512 is no token/);
      const chat = engine.ask(model, { input: { kind: 'text', text: 'hello' } });
      expect(await errorOf(chat)).toMatch(/^InvalidRequest: This model \(gemma-embedding\) makes embeddings/);
      const request = { client: 'test', model, inputs: ['hello'] };
      const wrong = engine.engine.embed({ ...request, request: 'wrong', pooling: 'last' });
      expect(await errorOf(wrong)).toMatch(/^InvalidRequest: pooling is last; this model for embeddings pools by mean/);
      expect(await errorOf(engine.engine.embed({ ...request, request: 'own', pooling: 'mean' }))).toBe('no error');
    });

    it('end with Aborted, and with the model', async () => {
      const running = embed(new Array<string>(64).fill('a text'), false, 'long');
      await engine.engine.abort('test', 'long');
      expect(await errorOf(running)).toMatch(/^Aborted/);
      const last = embed(new Array<string>(64).fill('a text'));
      await engine.engine.unload(model);
      expect(await errorOf(last)).toMatch(/^ModelNotLoaded/);
    });
  });
}
