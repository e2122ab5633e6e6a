/** The library over a scripted engine, for its tests. */
import { onTestFinished } from 'vitest';
import { createEngine } from '../sdk/create-engine.ts';
import type { Linnet, Model } from '../sdk/linnet.ts';
import { FakeEngine, type FakeScript } from './fake-engine.ts';

export interface FakeLibrary {
  readonly fake: FakeEngine;
  readonly engine: Linnet;
  readonly model: Model;
}

/** With one model, called `bird`; closed when the test is over. */
export async function fakeLibrary(script: Partial<FakeScript> = {}): Promise<FakeLibrary> {
  const fake = new FakeEngine(script);
  const engine = createEngine({ open: () => fake.open() });
  onTestFinished(() => {
    engine.close();
  });
  const model = await engine.load({ kind: 'url', url: 'https://example.test/m.gguf' }, { id: 'bird' });
  return { fake, engine, model };
}

export async function all<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const piece of pieces) taken.push(piece);
  return taken;
}
