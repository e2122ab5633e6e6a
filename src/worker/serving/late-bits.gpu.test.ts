/**
 * What is said does not depend on how late tokens are read: three sessions on one model, which wait for each token or read one
 * or two steps late, say the same of everything, bit for bit, and find as much in the cache afterwards.
 */
import { describe, expect, it } from 'vitest';
import { openDawn } from '../../../tools/node/dawn.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import type { ChatMessage, GenerateRequest, GenerationEvent, SamplingParams } from '../api.ts';
import { openAdapter } from '../gpu/open.ts';
import { GpuSampler } from '../gpu/sampler.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { ModelRunner, planModel } from '../model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../model/sizes.ts';
import { ModelSession } from './model-session.ts';
import { createTextModel } from './text-model.ts';

type Ask = Omit<GenerateRequest, 'client' | 'request' | 'model'>;

const text = (value: string) => ({ kind: 'text', text: value }) as const;
const GREEDY = { temperature: 0, topLogprobs: 3 } as const;
const NOISE = { temperature: 1.3, topK: 0, topP: 1, minP: 0, topLogprobs: 2 } as const;

/** On one model: where its session takes the cache over from another, nothing of that is found. */
async function openSessions(adapterName: Parameters<typeof openDawn>[0]['adapter'], bytes: Uint8Array<ArrayBuffer>) {
  const { adapter } = await openDawn({ adapter: adapterName });
  const gpu = await openAdapter(adapter, { defaultLimits: true });
  const source = bufferSource(bytes);
  const file = await readGgufHeader(source);
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength: 512, cacheTokens: 1024, kvLayout: 'f16' } as const;
  const plan = planModel(file, gpu, sizes);
  const runner = await ModelRunner.create(gpu, source, plan);
  const sampler = await GpuSampler.create(gpu, plan.vocabSize, plan.sizes, runner.scratch.logits);
  const model = createTextModel(file.metadata);
  const identity = { name: 'tiny', fingerprint: 'of no file' };
  const host = { nowMs: () => Date.now(), randomU32: () => 42, identity };
  const open = (maxLateSteps: number) => new ModelSession(runner, model, sampler, { ...host, maxLateSteps });
  return { gpu, eos: model.tokenizer.eosId ?? 0, open };
}

/** All that must not depend on when tokens are read. */
async function said(session: ModelSession, request: Ask, abortAfter = Infinity) {
  const events: GenerationEvent[] = [];
  const id = { client: 'test', request: JSON.stringify(request), model: 'm' };
  const { timings, speculation, ...result } = await session.generate({ ...id, ...request }, (event) => {
    // How a prompt is cut follows how long steps take.
    if (event.kind !== 'prefill') events.push(event);
    if (events.filter(({ kind }) => kind === 'logprobs').length === abortAfter) session.abort(id.client, id.request);
  });
  expect(timings.decodeMs).toBeGreaterThanOrEqual(0);
  expect(speculation.numSteps + speculation.numAcceptedTokens).toBe(result.numGeneratedTokens);
  return { ...result, events };
}

/** Ends at an end token by chance, after ten tokens or so. */
const ending = (eos: number, seed: number): SamplingParams => ({ ...NOISE, seed, logitBias: { [eos]: 4 } });

async function everything(session: ModelSession, eos: number) {
  const plain: Ask = { input: text('bada bid'), maxTokens: 40, ignoreEos: true, sampling: GREEDY, speculation: 'off' };
  const long = await said(session, plain);
  const alone = [long];
  const stop = long.text.slice(12, 15);
  alone.push(await said(session, { ...plain, stop: [stop] }));
  for (const seed of [1, 2, 3]) {
    const sampling = { ...ending(eos, seed), repetitionPenalty: 1.2, frequencyPenalty: 0.3 };
    alone.push(await said(session, { input: text('dido'), maxTokens: 60, sampling, speculation: 'off' }));
    alone.push(await said(session, { input: text('dido'), maxTokens: 60, sampling: ending(eos, seed) }));
  }
  const messages: ChatMessage[] = [];
  for (let turn = 0; turn < 4; turn++) {
    messages.push({ role: 'user', content: `turn ${String(turn)}` });
    const request: Ask = { input: { kind: 'chat', messages: [...messages] }, conversation: 'c', maxTokens: 30 };
    const sampling = ending(eos, 20 + turn);
    // One of the turns is aborted.
    const answer = await said(session, { ...request, sampling, speculation: 'off' }, turn === 1 ? 3 : Infinity);
    alone.push(answer);
    messages.push({ role: 'assistant', content: answer.text });
  }
  const together = await Promise.all(
    [GREEDY, ending(eos, 7), ending(eos, 8), { ...NOISE, seed: 9, repetitionPenalty: 1.1 }].map((sampling, i) =>
      said(session, { input: text(`ba ${'du '.repeat(i)}`), maxTokens: 20 + 7 * i, sampling, speculation: 'off' }),
    ),
  );
  // Who comes first finds less in the cache; that is nobody's promise.
  return { alone, together: together.map(({ text, finishReason, events }) => [text, finishReason, events.slice(1)]) };
}

const PLAIN = ['attention alone', () => syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 3 })] as const;
/** Must go back to a state where an end is found late, and find one in the next turn. */
const HYBRID = ['a hybrid', () => Promise.resolve(recurrentModel('lfm2'))] as const;

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`late reading ${title}`, () => {
    // Which states are kept does not depend on the adapter, and SwiftShader takes ten times as long.
    const models = name === 'swiftshader' ? [PLAIN] : [PLAIN, HYBRID];
    it.each(models)(
      'of %s says the same as waiting, greedy, drawn, stopped, aborted, in turns and together',
      async (_, bytes) => {
        const { gpu, eos, open } = await openSessions(name, await bytes());
        const { counters } = gpu;
        const waiting = open(0);
        const expected = await everything(waiting, eos);
        const numWaits = counters.numWaits;
        const ends = expected.alone.map(({ finishReason }) => finishReason);
        expect([ends[0], ends[1], new Set(ends)]).toEqual(['length', 'stop', new Set(['length', 'stop', 'aborted'])]);
        expect(expected.alone.at(-1)?.numCachedTokens).toBeGreaterThan(20);
        expect(waiting.scheduled.counters.numDiscardedTokens).toBe(0);
        for (const maxLateSteps of [1, 2]) {
          const late = open(maxLateSteps);
          const before = counters.numWaits;
          expect(await everything(late, eos)).toEqual(expected);
          // It did read late: it hardly waited, and went beyond ends that it could not know of, never far.
          expect(counters.numWaits - before).toBeLessThan(numWaits / 4);
          const { numDiscardedTokens } = late.scheduled.counters;
          expect(numDiscardedTokens).toBeGreaterThan(3);
          expect(numDiscardedTokens).toBeLessThanOrEqual(maxLateSteps * ends.length + maxLateSteps * 4);
        }
        gpu.destroy();
      },
      300_000,
    );
  });
}
