import { expect, it } from 'vitest';
import type { GenerationEvent } from './api.ts';
import { EventBatcher } from './event-batcher.ts';

const delta = (text: string): GenerationEvent => ({ kind: 'delta', text });

it('sends a batch a frame, neighbouring deltas as one, and is done when all have arrived', async () => {
  const timers: (() => void)[] = [];
  const sent: (readonly GenerationEvent[])[] = [];
  const arrive: (() => void)[] = [];
  const batcher = new EventBatcher(
    (events) => {
      sent.push(events);
      return new Promise<void>((resolve) => arrive.push(resolve));
    },
    (callback) => timers.push(callback),
  );
  batcher.push(delta('a'));
  batcher.push(delta('b'));
  timers.shift()?.();
  batcher.push(delta('c'));
  expect(sent).toEqual([[delta('ab')]]);

  let isDone = false;
  const done = batcher.flush().then(() => (isDone = true));
  expect(sent).toEqual([[delta('ab')], [delta('c')]]);
  arrive[1]?.();
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isDone).toBe(false);
  arrive[0]?.();
  await done;
});

it('tells at the end that a listener failed', async () => {
  const timers: (() => void)[] = [];
  const batcher = new EventBatcher(
    () => Promise.reject(new Error('the listener failed')),
    (callback) => timers.push(callback),
  );
  batcher.push(delta('a'));
  timers.shift()?.();
  await new Promise((resolve) => setTimeout(resolve, 1));
  await expect(batcher.flush()).rejects.toThrow('the listener failed');
});
