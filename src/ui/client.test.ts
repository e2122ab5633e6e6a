/** The client against a scripted engine, over a real MessagePort and a real Comlink. */
import * as Comlink from 'comlink';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Engine, GenerationEvent, LoadProgress } from '../worker/api.ts';
import { EngineClient, type EngineChannel } from './client.ts';
import { isErrorName, LinnetError, toLinnetError } from './errors.ts';
import { FakeEngine, type FakeScript } from './testing/fake-engine.ts';

const SOURCE = { kind: 'url', url: 'https://example.test/model.gguf' } as const;
const GENERATION = { model: 'model-1', input: { kind: 'text', text: 'Once' } } as const;

function connect(script: Partial<FakeScript> = {}): {
  fake: FakeEngine;
  client: EngineClient;
  channels: EngineChannel[];
} {
  const fake = new FakeEngine(script);
  const channels: EngineChannel[] = [];
  const open = (): EngineChannel => {
    const channel = fake.open();
    channels.push(channel);
    return channel;
  };
  const client = new EngineClient({ open, clientId: 'test' });
  onTestFinished(() => {
    client.close();
  });
  return { fake, client, channels };
}

/** A channel that never answers, and can be made to fail. */
class DeadChannel extends EventTarget {
  terminated = false;
  postMessage(): void {
    // Nobody is there.
  }
  terminate(): void {
    this.terminated = true;
  }
}

describe('calls', () => {
  it('carry the client id, a request id of their own, and progress back', async () => {
    const { fake, client } = connect();
    const progress: LoadProgress[] = [];
    const model = await client.load({ source: SOURCE, kvType: 'f16' }, { onProgress: (step) => progress.push(step) });
    await client.load({ source: SOURCE });
    expect(model.handle).toBe('model-1');
    expect(fake.loads.map((load) => [load.client, load.request, load.kvType])).toEqual([
      ['test', 'test/1', 'f16'],
      ['test', 'test/2', undefined],
    ]);
    expect(progress.map((step) => step.doneBytes)).toEqual(
      progress.map((step) => step.doneBytes).toSorted((a, b) => a - b),
    );
    expect(progress.at(0)?.request).toBe('test/1');
  });

  it('tell no progress after a load has settled', async () => {
    const fake = new FakeEngine();
    const late: LoadProgress = {
      request: 'test/1',
      phase: 'uploading',
      doneBytes: 1,
      totalBytes: 2,
      networkBytes: 0,
      bytesPerSecond: undefined,
      remainingMs: undefined,
    };
    let numLateCalls = 0;
    const { port1, port2 } = new MessageChannel();
    const load: Engine['load'] = async (request, onProgress) => {
      const model = await fake.engine.load(request, () => undefined);
      onProgress({ ...late, phase: 'resolving' });
      await new Promise((resolve) => setTimeout(resolve, 10));
      setTimeout(() => {
        onProgress(late);
        numLateCalls += 1;
      }, 10);
      return model;
    };
    Comlink.expose({ ...fake.engine, load }, port1);
    const client = new EngineClient({ open: () => port2, clientId: 'test' });
    onTestFinished(() => {
      client.close();
    });
    const phases: string[] = [];
    await client.load({ source: SOURCE }, { onProgress: ({ phase }) => phases.push(phase) });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(numLateCalls).toBe(1);
    expect(phases).toEqual(['resolving']);
  });

  it('carry what a load would be asked for to an inspection', async () => {
    const { fake, client } = connect();
    await client.inspect(SOURCE, { contextLength: 512, kvType: 'f32', signal: new AbortController().signal });
    expect(fake.inspections).toEqual([{ source: SOURCE, options: { contextLength: 512, kvType: 'f32' } }]);
  });

  it('deliver every delta before they settle, and none after', async () => {
    const { client } = connect({ answer: 'one two three four five' });
    const events: GenerationEvent[] = [];
    const result = await client.generate(GENERATION, { onEvents: (batch) => events.push(...batch) });
    const seen = events.flatMap((event) => (event.kind === 'delta' ? event.text : []));
    expect(seen.join('')).toBe('one two three four five');
    expect(result.text).toBe('one two three four five');
    const count = events.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toHaveLength(count);
  });
});

describe('abort', () => {
  it('ends a generation with what was written', async () => {
    const { fake, client } = connect({ answer: 'word '.repeat(500) });
    const abort = new AbortController();
    const result = await client.generate(GENERATION, {
      signal: abort.signal,
      onEvents: (events) => {
        if (events.some((event) => event.kind === 'delta')) abort.abort();
      },
    });
    expect(result.finishReason).toBe('aborted');
    expect(result.text.length).toBeGreaterThan(0);
    expect(result.text.length).toBeLessThan(2000);
    expect(fake.aborted).toEqual(['test/1']);
  });

  it('rejects a load and an inspection with Aborted', async () => {
    const { client } = connect({ tickMs: 5 });
    const abort = new AbortController();
    const calls = [
      client.load(
        { source: SOURCE },
        {
          signal: abort.signal,
          onProgress: () => {
            abort.abort();
          },
        },
      ),
      client.inspect(SOURCE, { signal: AbortSignal.abort() }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'Aborted' } });
    }
  });

  it('sends nothing at all for a signal that was aborted before', async () => {
    const { fake, client } = connect();
    await expect(client.load({ source: SOURCE }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'Aborted',
    });
    expect(fake.loads).toEqual([]);
    expect(fake.aborted).toEqual([]);
  });
});

describe('a worker that dies', () => {
  it.each(['error', 'messageerror', 'close'])('rejects everything in flight on %s', async (type) => {
    const channel = new DeadChannel();
    const client = new EngineClient({ open: () => channel, clientId: 'test' });
    const heard: LinnetError[] = [];
    client.onFailure((error) => heard.push(error));
    const calls = [client.info(), client.load({ source: SOURCE }), client.generate(GENERATION)];
    await Promise.resolve();
    channel.dispatchEvent(new Event(type));
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'WorkerFailed' } });
    }
    await expect(client.listCached()).rejects.toMatchObject({ name: 'WorkerFailed' });
    expect(heard).toHaveLength(1);
    expect(channel.terminated).toBe(true);
  });

  it('says what the worker said', async () => {
    const channel = new DeadChannel();
    const client = new EngineClient({ open: () => channel, clientId: 'test' });
    const call = client.info();
    await Promise.resolve();
    channel.dispatchEvent(Object.assign(new Event('error'), { message: 'out of feathers' }));
    await expect(call).rejects.toThrow('out of feathers');
  });

  it('can be started again', async () => {
    const { client, channels } = connect({ tickMs: 50 });
    const lost = client.load({ source: SOURCE });
    const outcome = expect(lost).rejects.toMatchObject({ name: 'WorkerFailed' });
    client.restart();
    await outcome;
    expect((await client.info()).state).toBe('idle');
    expect(channels).toHaveLength(2);
  });

  it('is told apart from a worker that may not start', async () => {
    const refuse = (): never => {
      throw new DOMException('no workers here', 'SecurityError');
    };
    const client = new EngineClient({ open: refuse, clientId: 'test' });
    await expect(client.info()).rejects.toMatchObject({ name: 'BlockedByPolicy' });
  });
});

describe('error names', () => {
  it('survive the wire', async () => {
    const { client } = connect({
      fail: { inspect: { name: 'UnsupportedArchitecture', message: 'mamba is not supported' } },
    });
    const error: unknown = await client.inspect(SOURCE).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LinnetError);
    expect(error).toMatchObject({ name: 'UnsupportedArchitecture', message: 'mamba is not supported' });
  });

  it('become Internal when they are not of the list', () => {
    expect(toLinnetError(new TypeError('x is undefined'))).toMatchObject({
      name: 'Internal',
      message: 'x is undefined',
    });
    expect(toLinnetError('a string')).toMatchObject({ name: 'Internal' });
    expect(toLinnetError(new DOMException('full', 'QuotaExceededError'))).toMatchObject({ name: 'StorageFull' });
    expect(isErrorName('toString')).toBe(false);
  });
});
