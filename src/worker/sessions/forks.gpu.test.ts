/**
 * Forks of a conversation: what was computed is shared by all of them, in a pool that could not hold it twice, and each goes on as if
 * it were the only one, to the bit. Counters, no clocks.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, tinyModelFile, type Ask, type Generated } from '../../../tools/node/test-engine.ts';

const NUM_FORKS = 4;
const SAMPLING = { temperature: 1.2, topK: 0, topP: 1, minP: 0, seed: 5, presencePenalty: 0.3, topLogprobs: 1 };
const ASK = { sampling: SAMPLING, ignoreEos: true, speculation: 'off' } as const;
const tokens = (ids: readonly number[]) => ({ kind: 'tokens', ids }) as const;
const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => 3 + ((first + i * 29) % 250));
const drawn = ({ events }: Generated) => events.filter((event) => event.kind === 'logprobs');

const MODELS = [
  { what: 'keys and values', file: tinyModelFile },
  {
    what: 'states beside them',
    file: () => Promise.resolve(new File([recurrentModel('lfm2')], 'recurrent.gguf')),
  },
] as const;

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`forks ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let numCalls = 0;
    beforeAll(async () => {
      engine = await TestEngine.open(name);
    });
    afterAll(() => {
      for (const device of engine.devices) device.destroy();
    });
    const fork = (model: string, conversation: string, asNew: string) =>
      engine.engine.forkConversation({
        client: 'test',
        request: `fork-${String(++numCalls)}`,
        model,
        conversation,
        asNew,
      });

    it.each(MODELS)('share what was computed, and say what each says alone: $what', async ({ file }) => {
      const load = async () =>
        (await engine.load({ source: { kind: 'file', file: await file() }, selfTest: 'skip' })).handle;
      const [model, lone] = [await load(), await load()];
      const prompt = idsFrom(0, 400);
      const first: Ask = { ...ASK, input: tokens(prompt), maxTokens: 6 };
      const begun = await engine.ask(model, { ...first, conversation: 'root' });
      const said = [...prompt, ...drawn(begun).map(({ chosen }) => chosen.token)];
      const turns = Array.from({ length: NUM_FORKS }, (_, i): Ask => {
        const sampling = { ...SAMPLING, seed: 100 + i };
        return { ...ASK, sampling, input: tokens([...said, ...idsFrom(7 * i, 3 + i)]), maxTokens: 5 };
      });

      const before = await engine.engine.stats();
      const names = turns.map((_, i) => `fork ${String(i)}`);
      for (const asNew of names) await fork(model, 'root', asNew);
      const forked = await Promise.all(
        turns.map((turn, i) => engine.ask(model, { ...turn, conversation: names[i] ?? '' })),
      );
      const after = await engine.engine.stats();
      // Of each fork its own tokens, and the one that was drawn last; in a pool for 800 tokens, of which 4 times 400 would not fit.
      const numNew = turns.reduce((sum, _, i) => sum + 3 + i + 1, 0);
      expect(after.numPromptRows - before.numPromptRows).toBe(numNew);
      expect(forked.map(({ result }) => result.numCachedTokens)).toEqual(turns.map(() => said.length - 1));

      // The root is where it was; a fork of a fork too.
      const goOn: Ask = { input: { kind: 'continue' }, ignoreEos: true, speculation: 'off', maxTokens: 4 };
      await fork(model, 'fork 0', 'again');
      const [root, again] = await Promise.all([
        engine.ask(model, { ...goOn, conversation: 'root' }),
        engine.ask(model, { ...goOn, conversation: 'again' }),
      ]);
      expect((await engine.engine.stats()).numPromptRows).toBe(after.numPromptRows);

      // Alone: the same turns, one conversation each, of a model that knows no forks.
      for (const [i, turn] of turns.entries()) {
        const conversation = `alone ${String(i)}`;
        await engine.ask(lone, { ...first, conversation });
        const alone = await engine.ask(lone, { ...turn, conversation, maxTokens: i === 0 ? 9 : 5 });
        expect(drawn(forked[i] ?? begun)).toEqual(drawn(alone).slice(0, 5));
        if (i === 0) expect(drawn(again)).toEqual(drawn(alone).slice(5));
      }
      const whole = await engine.ask(lone, { ...first, conversation: 'whole', maxTokens: 10 });
      expect(drawn(root)).toEqual(drawn(whole).slice(6));
      for (const loaded of [model, lone]) await engine.engine.unload(loaded);
    });

    it('are made of what is there, and is not being answered', async () => {
      const { handle } = await engine.load({ selfTest: 'skip' });
      await expect(fork(handle, 'none', 'new')).rejects.toMatchObject({ name: 'InvalidRequest' });
      const ask: Ask = { ...ASK, input: tokens(idsFrom(0, 10)), maxTokens: 20 };
      const running = engine.ask(handle, { ...ask, conversation: 'busy' });
      await expect(fork(handle, 'busy', 'new')).rejects.toMatchObject({ name: 'InvalidRequest' });
      await running;
      await fork(handle, 'busy', 'new');
      await engine.engine.forgetConversation('test', 'busy');
      const other = await engine.ask(handle, { input: { kind: 'continue' }, maxTokens: 2, conversation: 'new' });
      expect(other.result.numCachedTokens).toBe(29);
    });
  });
}
