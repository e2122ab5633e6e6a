/** The engine as its clients see it, with a small random model: turns, limits, cancelling, many at once, lost devices. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../tools/node/test-devices.ts';
import { TINY_SHAPE } from '../../tools/fixtures/model-shapes.ts';
import { TestEngine, tinyModelFile } from '../../tools/node/test-engine.ts';
import type { ChatMessage, GenerationEvent } from './api.ts';

const GREEDY = { temperature: 0 } as const;
const text = (value: string) => ({ kind: 'text', text: value }) as const;
const chat = (...messages: readonly ChatMessage[]) => ({ kind: 'chat', messages }) as const;
const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });

function started(events: readonly GenerationEvent[]) {
  const event = events.find((candidate) => candidate.kind === 'started');
  if (event?.kind !== 'started') throw new Error('no started event');
  return event;
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(title, () => {
    const engineOf = () => TestEngine.open(name);
    // Compiling takes seconds on a software adapter: one engine and one model for all tests that leave them as they were.
    let engine: TestEngine;
    let handle: string;
    let isChatModel: boolean;
    beforeAll(async () => {
      engine = await engineOf();
      ({ handle, isChatModel } = await engine.load());
    }, 120_000);

    it('streams deltas that add up to the text, and says where the time went', async () => {
      expect(isChatModel).toBe(false);
      const { result, events } = await engine.ask(handle, {
        input: text('bada bid'),
        maxTokens: 12,
        sampling: GREEDY,
        ignoreEos: true,
      });
      const deltas = events.flatMap((event) => (event.kind === 'delta' ? [event.text] : []));
      expect(deltas.join('')).toBe(result.text);
      expect(result).toMatchObject({ finishReason: 'length', numGeneratedTokens: 12, contextLength: 512 });
      expect(result.timings.timeToFirstTokenMs).toBeGreaterThan(0);
      expect(result.timings.decodeTokensPerSecond).toBeGreaterThan(0);
    });

    it('gives the same text for the same seed, and another for another', async () => {
      const ask = async (seed: number) => {
        const { result } = await engine.ask(handle, {
          input: text('ba'),
          maxTokens: 16,
          ignoreEos: true,
          sampling: { seed, temperature: 1.5, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.1, topLogprobs: 2 },
        });
        return result.text;
      };
      const first = await ask(7);
      expect(await ask(7)).toBe(first);
      expect(await ask(8)).not.toBe(first);
    });

    it('prefills only what is new in the next turn of a conversation', async () => {
      const options = { maxTokens: 20, sampling: GREEDY, ignoreEos: true, conversation: 'one' };
      const first = await engine.ask(handle, { ...options, input: chat(user('hello there, this is the first turn')) });
      const before = await engine.engine.stats();
      const second = await engine.ask(handle, {
        ...options,
        input: chat(user('hello there, this is the first turn'), assistant(first.result.text), user('more')),
      });
      const after = await engine.engine.stats();
      const numOld = first.result.numPromptTokens + first.result.numGeneratedTokens;
      const numNew = second.result.numPromptTokens - numOld;
      expect(numNew).toBeGreaterThan(0);
      // The last generated token was drawn but never computed: it is prefilled with the new ones.
      expect(started(second.events).numCachedTokens).toBe(numOld - 1);
      expect(after.numPromptRows - before.numPromptRows).toBe(numNew + 1);
    });

    it('gives the same bits from a warm cache as from a cold one, also outside conversations', async () => {
      const tokens = (ids: readonly number[]) => ({ kind: 'tokens', ids }) as const;
      const options = { maxTokens: 6, ignoreEos: true, sampling: { ...GREEDY, topLogprobs: 5 } } as const;
      const logprobsOf = (events: readonly GenerationEvent[]) => events.filter((event) => event.kind === 'logprobs');
      const prompt = [1, 300, 301, 302, 303];
      const first = await engine.ask(handle, { ...options, maxTokens: 40, input: tokens(prompt) });
      // What was generated comes back as part of a prompt; its cache was computed by the other family.
      const again = [...prompt, ...logprobsOf(first.events).map(({ chosen }) => chosen.token)];
      const warm = await engine.ask(handle, { ...options, input: tokens(again) });
      const { handle: cold } = await engine.load();
      const fresh = await engine.ask(cold, { ...options, input: tokens(again) });
      await engine.engine.unload(cold);
      expect(started(warm.events).numCachedTokens).toBeGreaterThan(0);
      expect(started(fresh.events).numCachedTokens).toBe(0);
      expect(logprobsOf(warm.events)).toEqual(logprobsOf(fresh.events));
    });

    it('leaves peak buffer bytes after fifty turns where the second left them', async () => {
      const { handle: small } = await engine.load({ contextLength: 160 });
      const messages: ChatMessage[] = [];
      let peakAfterTwo = 0;
      for (let turn = 0; turn < 50; turn++) {
        messages.push(user(`turn ${String(turn)}`));
        const { result } = await engine.ask(small, {
          input: chat(...messages),
          conversation: 'long',
          maxTokens: 3,
          sampling: GREEDY,
          ignoreEos: true,
          overflow: 'dropOldestTurns',
        });
        messages.push(assistant(result.text));
        const stats = await engine.engine.stats();
        if (turn === 1) peakAfterTwo = stats.peakBufferBytes;
        else if (turn > 1) expect(stats.peakBufferBytes).toBe(peakAfterTwo);
      }
    }, 180_000);

    it('makes one submit a token and no buffer or bind group once warm', async () => {
      const options = { sampling: GREEDY, ignoreEos: true, speculation: 'off' } as const;
      await engine.ask(handle, { ...options, input: text('ba'), maxTokens: 2 });
      const before = await engine.engine.stats();
      await engine.ask(handle, { ...options, input: text('bada'), maxTokens: 10 });
      const after = await engine.engine.stats();
      expect(after.numSubmits - before.numSubmits).toBe(after.numSteps - before.numSteps);
      expect(after.numSteps - before.numSteps).toBe(10);
      expect(after.numBuffersCreated).toBe(before.numBuffersCreated);
      expect(after.numBindGroupsCreated).toBe(before.numBindGroupsCreated);
      expect(after.lastDecodeStep.numSubmits).toBe(1);
      expect(after.lastDecodeStep.weightBytesRead).toBeGreaterThan(0);
    });

    it('runs several generations together, each as if it were alone', async () => {
      const requests = ['ba', 'bada didu', 'gebe gugu lala', 'mo'].map((prompt, i) => ({
        input: text(prompt),
        maxTokens: 8 + 3 * i,
        ignoreEos: true,
        sampling: { temperature: 1, seed: i, topK: 50 },
      }));
      const together = await Promise.all(requests.map((request) => engine.ask(handle, request)));
      for (const [i, request] of requests.entries()) {
        const { result } = await engine.ask(handle, request);
        expect(together[i]?.result.text).toBe(result.text);
      }
    });

    it('stops when the context is full, or leaves out the oldest turns and says which', async () => {
      const { handle: small } = await engine.load({ contextLength: 96 });
      const stopped = await engine.ask(small, { input: text('ba'), sampling: GREEDY, ignoreEos: true });
      expect(stopped.result.finishReason).toBe('length');
      expect(stopped.result.contextUsed).toBe(96);
      // The last token is drawn from a full context, and takes no place in it.
      expect(stopped.result.numPromptTokens + stopped.result.numGeneratedTokens).toBe(97);

      const long = chat(
        { role: 'system', content: 'be kind' },
        user('a'.repeat(30)),
        assistant('b'.repeat(30)),
        user('now'),
      );
      await expect(engine.ask(small, { input: text('c'.repeat(200)) })).rejects.toMatchObject({ name: 'ContextFull' });
      const dropped = await engine.ask(small, {
        input: long,
        sampling: GREEDY,
        ignoreEos: true,
        maxTokens: 40,
        overflow: 'dropOldestTurns',
      });
      expect(dropped.events).toContainEqual({ kind: 'turnsDropped', messages: [1, 2] });
      expect(dropped.result.numGeneratedTokens).toBe(40);
    });

    it('drops turns in the middle of an answer and goes on with it', async () => {
      const { handle: small } = await engine.load({ contextLength: 128 });
      const { result, events } = await engine.ask(small, {
        input: chat(user('a'.repeat(20)), assistant('b'.repeat(20)), user('now')),
        sampling: GREEDY,
        ignoreEos: true,
        maxTokens: 70,
        overflow: 'dropOldestTurns',
      });
      expect(events).toContainEqual({ kind: 'turnsDropped', messages: [0, 1] });
      expect(result).toMatchObject({ numGeneratedTokens: 70, finishReason: 'length' });
    });

    it('ends where a stop string begins, and where it is told to stop', async () => {
      const plain = await engine.ask(handle, { input: text('ba'), maxTokens: 24, sampling: GREEDY, ignoreEos: true });
      const stop = plain.result.text.slice(6, 9);
      const cut = await engine.ask(handle, {
        input: text('ba'),
        maxTokens: 24,
        sampling: GREEDY,
        ignoreEos: true,
        stop: [stop],
      });
      expect(cut.result.finishReason).toBe('stop');
      expect(cut.result.text).toBe(plain.result.text.slice(0, plain.result.text.indexOf(stop)));

      let shown = '';
      const { text: kept, finishReason } = await engine.engine.generate(
        { client: 'test', request: 'endless', model: handle, input: text('ba'), ignoreEos: true, sampling: GREEDY },
        (events) => {
          for (const event of events) if (event.kind === 'delta') shown += event.text;
          if (shown.length > 4) void engine.engine.abort('test', 'endless');
        },
      );
      expect(finishReason).toBe('aborted');
      expect(kept.length).toBeGreaterThan(4);
      expect(kept).toBe(shown);
      expect(plain.result.text.startsWith(kept) || kept.startsWith(plain.result.text)).toBe(true);
    });

    it('hears an abort that comes before the first step, also while kernels compile', async () => {
      const stopped = engine.ask(handle, {
        request: 'at-once',
        input: text('ba'),
        maxTokens: 24,
        ignoreEos: true,
        sampling: { presencePenalty: 1, topLogprobs: 1 },
      });
      await engine.engine.abort('test', 'at-once');
      expect((await stopped).result).toMatchObject({ finishReason: 'aborted', numGeneratedTokens: 0, text: '' });
    });

    it('reports log-probabilities that sum to at most one, best first', async () => {
      const { events } = await engine.ask(handle, {
        input: text('ba'),
        maxTokens: 3,
        ignoreEos: true,
        sampling: { ...GREEDY, topLogprobs: 20 },
      });
      const reports = events.filter((event) => event.kind === 'logprobs');
      expect(reports).toHaveLength(3);
      for (const { chosen, top } of reports) {
        expect(top).toHaveLength(20);
        expect(top[0]).toEqual(chosen);
        const sum = top.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
        expect(sum).toBeLessThanOrEqual(1 + 1e-5);
        expect([...top].sort((a, b) => b.logprob - a.logprob)).toEqual([...top]);
      }
    });

    it('refuses bad requests by name and goes on', async () => {
      const refuse = (request: Parameters<TestEngine['ask']>[1], error: string) =>
        expect(engine.ask(handle, request)).rejects.toMatchObject({ name: error });
      await refuse({ input: { kind: 'tokens', ids: [TINY_SHAPE.vocabSize] } }, 'InvalidRequest');
      await refuse({ input: { kind: 'tokens', ids: [] } }, 'InvalidRequest');
      await refuse({ input: chat() }, 'InvalidRequest');
      await refuse({ input: text('ba'), sampling: { topP: 2 } }, 'InvalidRequest');
      await refuse({ input: text('ba'), maxTokens: 0 }, 'InvalidRequest');
      await refuse({ input: text('ba'), stop: [''] }, 'InvalidRequest');
      await expect(engine.ask('model-99', { input: text('ba') })).rejects.toMatchObject({ name: 'ModelNotLoaded' });
      const { result } = await engine.ask(handle, {
        input: text('ba'),
        maxTokens: 2,
        sampling: GREEDY,
        ignoreEos: true,
      });
      expect(result.numGeneratedTokens).toBe(2);
    });

    it('frees what a model took when it is unloaded, and ends what ran on it', async () => {
      const engine = await engineOf();
      await engine.engine.info();
      const { bufferBytes } = await engine.engine.stats();
      const { handle } = await engine.load();
      const endless = engine.ask(handle, { input: text('ba'), ignoreEos: true });
      const rejected = expect(endless).rejects.toMatchObject({ name: 'ModelNotLoaded' });
      await engine.engine.unload(handle);
      await rejected;
      expect((await engine.engine.stats()).bufferBytes).toBe(bufferBytes);
    });

    it('tells running requests that the device is lost, and loads again on a new one', async () => {
      const engine = await engineOf();
      const { handle } = await engine.load();
      const before = await engine.ask(handle, { input: text('ba'), maxTokens: 6, sampling: GREEDY, ignoreEos: true });
      const endless = engine.ask(handle, { input: text('ba'), ignoreEos: true });
      const rejected = expect(endless).rejects.toMatchObject({ name: 'DeviceLost' });
      engine.devices.at(-1)?.destroy();
      await rejected;
      await expect(engine.ask(handle, { input: text('ba') })).rejects.toMatchObject({ name: 'ModelNotLoaded' });
      const again = await engine.load();
      const after = await engine.ask(again.handle, {
        input: text('ba'),
        maxTokens: 6,
        sampling: GREEDY,
        ignoreEos: true,
      });
      expect(after.result.text).toBe(before.result.text);
    });

    it('gives up a load when the device is lost meanwhile, and loads again', async () => {
      const lossy = await engineOf();
      await lossy.engine.info();
      const source = { kind: 'file', file: await tinyModelFile() } as const;
      const load = lossy.engine.load({ client: 'test', request: 'lossy', source }, ({ phase }) => {
        if (phase === 'uploading') lossy.devices.at(-1)?.destroy();
      });
      await expect(load).rejects.toMatchObject({ name: 'DeviceLost' });
      const { handle: again } = await lossy.load();
      const { result } = await lossy.ask(again, { input: text('ba'), maxTokens: 2, sampling: GREEDY, ignoreEos: true });
      expect(result.numGeneratedTokens).toBe(2);
    });

    it('ends everything by name when the GPU refuses a command, rather than showing nonsense', async () => {
      const strict = await engineOf();
      const { handle: model } = await strict.load();
      const endless = strict.ask(model, { input: text('ba'), ignoreEos: true });
      const rejected = expect(endless).rejects.toMatchObject({ name: 'Internal' });
      const device = strict.devices.at(-1);
      // A buffer that is mapped for reading and for storage at once is not allowed.
      device?.createBuffer({ size: 16, usage: 0x0001 | 0x0080 });
      await rejected;
      expect((await strict.load()).contextLength).toBe(512);
    });

    it('inspects a file without loading it, and can be stopped while it loads', async () => {
      const engine = await engineOf();
      const { bufferBytes } = await engine.engine.stats();
      const source = { kind: 'file', file: await tinyModelFile() } as const;
      const inspection = await engine.engine.inspect('test', 'look', source);
      expect(inspection).toMatchObject({
        architecture: 'llama',
        weightType: 'Q8_0',
        contextLength: 512,
        cached: false,
      });
      const load = engine.engine.load({ client: 'test', request: 'load', source }, () => undefined);
      await engine.engine.abort('test', 'load');
      await expect(load).rejects.toMatchObject({ name: 'Aborted' });
      expect((await engine.engine.stats()).bufferBytes).toBe(bufferBytes);
    });
  });
}
