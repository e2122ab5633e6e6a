/** What the bench page asks of the client, and what it makes of the answers; over the scripted engine. */
import { expect, it, onTestFinished } from 'vitest';
import type { ModelSource } from '../../worker/api.ts';
import { EngineClient } from '../client.ts';
import { FakeEngine, type FakeScript } from '../testing/fake-engine.ts';
import { randomTokens, runBench, type BenchProgress, type BenchRun } from './measure.ts';
import { spreadOf } from './result.ts';

const SETTINGS = { numPrompt: 32, numGenerate: 12, kvFill: 64, numRepeats: 2 };
const URL_SOURCE: ModelSource = { kind: 'url', url: 'https://example.test/m.gguf' };

function prepare(script: Partial<FakeScript> = {}, change: Partial<BenchRun> = {}) {
  const fake = new FakeEngine(script);
  const client = new EngineClient({ open: () => fake.open() });
  onTestFinished(() => {
    client.close();
  });
  const phases: BenchProgress['phase'][] = [];
  const run: BenchRun = {
    client,
    source: URL_SOURCE,
    settings: SETTINGS,
    signal: new AbortController().signal,
    onProgress: ({ phase }) => {
      if (phases.at(-1) !== phase) phases.push(phase);
    },
    now: () => new Date('2026-01-02T03:04:05Z'),
    userAgent: 'test',
    ...change,
  };
  return { fake, phases, run };
}

it('loads from the source and then from what was kept, measures, and tells the share of the limits', async () => {
  const { fake, phases, run } = prepare();
  const result = await runBench(run);
  expect(fake.loads.map(({ source }) => source)).toEqual([URL_SOURCE, { kind: 'cached', id: 'kept-1' }]);
  expect(new Set(fake.loads.map(({ contextLength }) => contextLength))).toEqual(new Set([64 + 32 + 12 + 32]));
  expect(phases).toEqual(['inspect', 'load', 'reload', 'fill', 'warmUp', 'repeat', 'device']);
  expect(result).toMatchObject({
    format: 1,
    date: '2026-01-02T03:04:05.000Z',
    load: { coldMs: 1000, warmMs: 1000, networkBytes: 807_694_464, fromCache: false },
    decodeTokensPerSecond: { median: 48.3, min: 48.3, max: 48.3 },
    perToken: { numDispatches: 115, weightBytesRead: 700e6, kvBytesRead: 4e6 },
  });
  expect(result.limits.decodeByBandwidth).toBeCloseTo(210e9 / 704e6);
  expect(result.share.decode).toBeCloseTo(48.3 / result.limits.decode);
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
});

it('no prompt comes twice, but what fills the context is the same before each', async () => {
  const { fake, run } = prepare();
  await runBench(run);
  const prompts = fake.generations.map(({ input }) => (input.kind === 'tokens' ? input.ids : []));
  expect(prompts.map(({ length }) => length)).toEqual([64, 96, 96, 96]);
  for (const ids of prompts) expect(ids.slice(0, 64)).toEqual(prompts[0]);
  expect(new Set(prompts.slice(1).map((ids) => ids[64])).size).toBe(3);
  expect(fake.generations.at(-1)).toMatchObject({
    maxTokens: 12,
    ignoreEos: true,
    sampling: { temperature: 0 },
    speculation: 'off',
  });
});

it('a file is loaded twice from itself', async () => {
  const source: ModelSource = { kind: 'file', file: new File(['x'], 'm.gguf') };
  const { fake, run } = prepare({}, { source });
  await runBench({ ...run, client: withoutKeeping(run) });
  expect(fake.loads.map((load) => load.source.kind)).toEqual(['file', 'file']);
});

it('what is not kept is loaded once', async () => {
  const { fake, run } = prepare();
  const result = await runBench({ ...run, client: withoutKeeping(run) });
  expect(fake.loads).toHaveLength(1);
  expect(result.load.warmMs).toBeUndefined();
});

it('refuses more tokens than the model has context for', async () => {
  const { fake, run } = prepare({ inspection: { plannedContextLength: 100 } });
  await expect(runBench(run)).rejects.toMatchObject({ name: 'InvalidRequest' });
  expect(fake.loads).toEqual([]);
});

it('stops where it is told to', async () => {
  const abort = new AbortController();
  const { run } = prepare(
    { answer: 'word '.repeat(200), tickMs: 2 },
    {
      signal: abort.signal,
      onProgress: ({ phase }) => {
        if (phase === 'warmUp')
          setTimeout(() => {
            abort.abort();
          }, 30);
      },
    },
  );
  await expect(runBench(run)).rejects.toMatchObject({ name: 'Aborted' });
});

it('random tokens are tokens, the same every time, others for another salt', () => {
  const ids = randomTokens(500, 100, 7);
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...ids)).toBeLessThan(100);
  expect(new Set(ids).size).toBeGreaterThan(80);
  expect(randomTokens(500, 100, 7)).toEqual(ids);
  expect(randomTokens(500, 100, 8)).not.toEqual(ids);
});

it('the median of an even number is between the middle two', () => {
  expect(spreadOf([4, 1, 3, 10])).toEqual({ median: 3.5, min: 1, max: 10 });
  expect(spreadOf([4, 1, 10])).toEqual({ median: 4, min: 1, max: 10 });
});

/** The same client over an engine that keeps nothing. */
function withoutKeeping({ client }: BenchRun): BenchRun['client'] {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'load') return (load: Parameters<typeof target.load>[0]) => target.load({ ...load, keep: false });
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
