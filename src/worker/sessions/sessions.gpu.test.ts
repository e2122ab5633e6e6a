/**
 * Conversations as bytes: what is restored in another engine, on a device of its own, or in another load of the model, goes on as if it
 * had never been saved, to the bit, and computes nothing that was computed; for every kind of cache. Counters, no clocks.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';
import type { KvType, SavedConversation } from '../api.ts';
import { headerOf } from './header.ts';

const tokens = (ids: readonly number[]) => ({ kind: 'tokens', ids }) as const;
const GO_ON = { kind: 'continue' } as const;
const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => 3 + ((first + i * 29) % 250));
/** Drawn with a seed, and with penalties, whose counts must go on too. */
const SAMPLING = {
  temperature: 1.2,
  topK: 0,
  topP: 1,
  minP: 0,
  seed: 11,
  presencePenalty: 0.4,
  repetitionPenalty: 1.2,
};
const ASK = { sampling: { ...SAMPLING, topLogprobs: 2 }, ignoreEos: true, speculation: 'off' } as const;
const drawn = ({ events }: Generated) => events.filter((event) => event.kind === 'logprobs');
const idsOf = (generated: Generated) => drawn(generated).map(({ chosen }) => chosen.token);

function headerIn(bytes: Uint8Array<ArrayBuffer>) {
  const numBytes = new DataView(bytes.buffer).getUint32(8, true);
  return headerOf(bytes.subarray(16, 16 + numBytes));
}

interface Case {
  readonly what: string;
  readonly file: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly kvType: KvType;
  readonly numPrompt: number;
  /** In another engine; all others in a second load of the same one, whose kernels are compiled already. */
  readonly elsewhere?: true;
  /** Of a prompt that is read before the session is saved. */
  readonly numOther?: number;
}

const tiny = () => syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 3 });
const windowed = () =>
  syntheticBytes(
    { ...TINY_SHAPE, architecture: 'gemma3', numLayers: 6, window: 20, contextLength: 1024 },
    { type: 'Q8_0', seed: 7 },
  );
const CASES: readonly Case[] = [
  { what: 'keys and values in f32', file: tiny, kvType: 'f32', numPrompt: 75 },
  { what: 'keys and values in f16', file: tiny, kvType: 'f16', numPrompt: 75, elsewhere: true },
  { what: 'keys and values in q8_0', file: tiny, kvType: 'q8_0', numPrompt: 75 },
  { what: 'keys and values in q4_0', file: tiny, kvType: 'q4_0', numPrompt: 75 },
  // The other prompt takes the room of what the windows have left behind.
  { what: 'windows in a pool of their own', file: windowed, kvType: 'f16', numPrompt: 250, numOther: 500 },
  {
    what: 'states beside keys and values',
    file: () => Promise.resolve(recurrentModel('lfm2')),
    kvType: 'f16',
    numPrompt: 75,
  },
  { what: 'states alone', file: () => Promise.resolve(recurrentModel('mamba')), kvType: 'f16', numPrompt: 75 },
];

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`saved conversations ${title}`, { timeout: 300_000 }, () => {
    let first: TestEngine;
    let second: TestEngine;
    let numCalls = 0;
    beforeAll(async () => {
      [first, second] = await Promise.all([TestEngine.open(name), TestEngine.open(name)]);
    });
    afterAll(() => {
      for (const device of [...first.devices, ...second.devices]) device.destroy();
    });

    const load = async (engine: TestEngine, bytes: Uint8Array<ArrayBuffer>, kvType: KvType = 'f16') => {
      const source = { kind: 'file', file: new File([bytes], 'model.gguf') } as const;
      return (await engine.load({ source, kvType, selfTest: 'skip' })).handle;
    };
    const call = (model: string, conversation: string) => {
      return { client: 'test', request: `session-${String(++numCalls)}`, model, conversation };
    };
    const save = (model: string, conversation: string) => first.engine.saveConversation(call(model, conversation));
    const restore = (
      model: string,
      bytes: Uint8Array<ArrayBuffer> | Blob,
      conversation = 'restored',
      engine = second,
    ) => engine.engine.restoreConversation({ ...call(model, conversation), bytes });
    const promptRows = async (engine: TestEngine, run: () => Promise<Generated>) => {
      const before = await engine.engine.stats();
      const generated = await run();
      return { generated, numRows: (await engine.engine.stats()).numPromptRows - before.numPromptRows };
    };

    it.each(CASES)('go on as if never saved: $what', async ({ file, kvType, numPrompt, numOther = 0, elsewhere }) => {
      const bytes = await file();
      const other = elsewhere === true ? second : first;
      const [here, there] = [await load(first, bytes, kvType), await load(other, bytes, kvType)];
      const prompt = idsFrom(0, numPrompt);
      const whole = await first.ask(here, { ...ASK, input: tokens(prompt), conversation: 'whole', maxTokens: 18 });

      const begun = await first.ask(here, { ...ASK, input: tokens(prompt), conversation: 'cut', maxTokens: 10 });
      expect(drawn(begun)).toEqual(drawn(whole).slice(0, 10));
      if (numOther > 0) await first.ask(here, { ...ASK, input: tokens(idsFrom(77, numOther)), maxTokens: 1 });
      const saved = await save(here, 'cut');
      expect(saved).toMatchObject({ numTokens: numPrompt + 10, numComputedTokens: numPrompt + 9 });
      const again = await save(here, 'cut');
      expect(Buffer.compare(again.bytes, saved.bytes)).toBe(0);
      // What windows have left behind is not in it, where there was no more room for it.
      expect(headerIn(saved.bytes).firstWindowBlock > 0).toBe(numOther > 0);

      const restored = await restore(there, saved.bytes, 'restored', other);
      expect(restored).toEqual({ numTokens: numPrompt + 10, numComputedTokens: numPrompt + 9, sameDevice: true });
      const goOn: Ask = { input: GO_ON, ignoreEos: true, speculation: 'off', maxTokens: 8, conversation: 'restored' };
      const { generated, numRows } = await promptRows(other, () => other.ask(there, goOn));
      expect(drawn(generated)).toEqual(drawn(whole).slice(10));
      // The cut may lie within a character, which each of the parts then shows as one that broke off.
      const shown = (text: string) => text.replaceAll('\ufffd', '');
      expect(shown(begun.result.text + generated.result.text)).toBe(shown(whole.result.text));
      expect(generated.result).toMatchObject({ numPromptTokens: numPrompt + 10, numCachedTokens: numPrompt + 9 });
      expect(numRows).toBe(0);
      // So does the conversation that was saved, where it was.
      const stayed = await first.ask(here, { ...goOn, conversation: 'cut' });
      expect(drawn(stayed)).toEqual(drawn(generated));

      // The next turn, in both places.
      const turn = [...prompt, ...idsOf(begun), ...idsOf(generated), ...idsFrom(5, 6)];
      const next: Ask = { ...ASK, input: tokens(turn), maxTokens: 4, conversation: 'restored' };
      const there2 = await promptRows(other, () => other.ask(there, next));
      const here2 = await first.ask(here, { ...next, conversation: 'cut' });
      expect(drawn(there2.generated)).toEqual(drawn(here2));
      expect(there2.numRows).toBe(7);
      for (const [engine, model] of [
        [first, here],
        [other, there],
      ] as const)
        await engine.engine.unload(model);
    });

    describe('of one model', () => {
      let here: string;
      let there: string;
      let saved: SavedConversation;
      const prompt = idsFrom(0, 75);
      const goOn: Ask = { input: GO_ON, ignoreEos: true, maxTokens: 3 };
      beforeAll(async () => {
        const bytes = await tiny();
        [here, there] = [await load(first, bytes), await load(second, bytes)];
        await first.ask(here, { ...ASK, input: tokens(prompt), conversation: 'one', maxTokens: 10 });
        saved = await save(here, 'one');
      }, 120_000);

      it('come from a Blob too, and are shared with whoever asks for the same', async () => {
        await restore(there, new Blob([saved.bytes]), 'blob');
        const { generated, numRows } = await promptRows(second, () =>
          second.ask(there, { ...ASK, input: tokens([...prompt, 9]), maxTokens: 1 }),
        );
        expect(generated.result.numCachedTokens).toBe(75);
        expect(numRows).toBe(1);
        // Restored where all of it is, it takes no room; the conversation of that name is replaced.
        await restore(there, saved.bytes, 'blob');
        const again = await second.ask(there, { ...goOn, conversation: 'blob' });
        expect(again.result.numCachedTokens).toBe(84);
      });

      it('are refused by name, and nothing is lost', async () => {
        await second.ask(there, { ...ASK, input: tokens(idsFrom(9, 40)), conversation: 'kept', maxTokens: 5 });
        const refused = async (bytes: Uint8Array<ArrayBuffer>, message: RegExp, model = there) => {
          const error: unknown = await restore(model, bytes, 'kept').catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ name: 'SessionInvalid', message: expect.stringMatching(message) as string });
        };
        const { bytes } = saved;
        const flipped = (at: number) => bytes.map((byte, i) => (i === at ? byte ^ 4 : byte));
        await refused(new Uint8Array(0), /no saved session/);
        await refused(new TextEncoder().encode('GGUF'.padEnd(200)), /no saved session/);
        await refused(flipped(4), /format 5, and this engine reads 1/);
        for (const at of [40, bytes.length >> 1, bytes.length - 1]) await refused(flipped(at), /damaged or cut short/);
        await refused(bytes.slice(0, -100), /damaged or cut short/);
        await refused(new Uint8Array([...bytes, 0]), /damaged or cut short/);
        const q8 = await load(second, await tiny(), 'q8_0');
        await refused(bytes, /kvType f16/, q8);
        // The same shape and name, other weights.
        const other = await load(second, await syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 4 }));
        await refused(bytes, /another model file/, other);
        const short = await second.load({ contextLength: 64, selfTest: 'skip' });
        await expect(restore(short.handle, bytes)).rejects.toMatchObject({ name: 'ContextFull' });
        for (const model of [q8, other, short.handle]) await second.engine.unload(model);
        const kept = await second.ask(there, { ...goOn, conversation: 'kept' });
        expect(kept.result.numCachedTokens).toBe(44);
      });

      it('are not touched while they are answered, nor made of nothing', async () => {
        const running = first.ask(here, { ...goOn, conversation: 'one', maxTokens: 30 });
        await expect(save(here, 'one')).rejects.toMatchObject({ name: 'InvalidRequest' });
        await expect(restore(here, saved.bytes, 'one', first)).rejects.toMatchObject({ name: 'InvalidRequest' });
        await running;
        await expect(save(here, 'two')).rejects.toMatchObject({ name: 'InvalidRequest' });
        await expect(first.ask(here, { ...goOn, conversation: 'two' })).rejects.toMatchObject({
          name: 'InvalidRequest',
        });
      });

      it('are moved while others are answered, whose texts stay what they are alone', async () => {
        const ask: Ask = { ...ASK, input: tokens(idsFrom(31, 50)), maxTokens: 30 };
        const alone = await second.ask(there, ask);
        const running = second.ask(there, ask);
        const moved = (async () => {
          for (let i = 0; i < 3; i++) {
            await restore(there, saved.bytes, 'moved');
            await second.engine.saveConversation(call(there, 'moved'));
          }
        })();
        const [generated] = await Promise.all([running, moved]);
        expect(drawn(generated)).toEqual(drawn(alone));
      });

      it('end with Aborted, and with the model', async () => {
        const request = call(here, 'one');
        const aborted = first.engine.saveConversation(request);
        await first.engine.abort('test', request.request);
        await expect(aborted).rejects.toMatchObject({ name: 'Aborted' });
        const late = save(here, 'one');
        await first.engine.unload(here);
        await expect(late).rejects.toMatchObject({ name: 'ModelNotLoaded' });
      });
    });
  });
}
