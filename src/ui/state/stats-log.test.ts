/** When the engine is asked for its numbers, and what is made of them. */
import { expect, it, vi } from 'vitest';
import type { EngineStats, GenerationResult } from '../../worker/api.ts';
import { initialState } from './app-state.ts';
import { ask, emptyConversation, finishAnswer } from './conversation.ts';
import { keepStats } from './stats-log.ts';
import { createStore } from './store.ts';

it('samples while an answer is written and once more at its end: tokens per second with those that were guessed', async () => {
  const store = createStore(initialState({ conversationId: 'c' }));
  let [timeMs, numAsked] = [0, 0];
  const stats = vi.fn(() => {
    timeMs += 1000;
    numAsked += 1;
    const counts = { numSequenceSteps: numAsked * 10, numAcceptedDraftTokens: numAsked * 5 };
    const kvCache = { heldTokens: numAsked * 32, totalTokens: 320 };
    return Promise.resolve({ ...counts, bufferBytes: 7, kvCache } as EngineStats);
  });
  keepStats({ stats, store, nowMs: () => timeMs, intervalMs: 1 });
  store.update((state) => ({ ...state, notice: 'nothing is asked' }));
  expect(stats).not.toHaveBeenCalled();

  store.update((state) => ({ ...state, conversation: ask(emptyConversation('c'), 'Hi') }));
  await vi.waitFor(() => {
    expect(store.state.samples.length).toBeGreaterThan(2);
  });
  const result = { text: 'Hello', finishReason: 'stop', timings: {} } as GenerationResult;
  store.update((state) => ({ ...state, conversation: finishAnswer(state.conversation, result) }));
  await new Promise((resolve) => setTimeout(resolve, 30));
  const { samples } = store.state;
  expect(samples.slice(0, 2)).toEqual([
    { timeMs: 0, tokensPerSecond: undefined, bufferBytes: 7, kvShare: 0.1 },
    { timeMs: 1000, tokensPerSecond: 15, bufferBytes: 7, kvShare: 0.2 },
  ]);
  const { length } = samples;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(store.state.samples).toHaveLength(length);
});

it('ends without a word when the engine is gone, and begins again with the next answer', async () => {
  const store = createStore(initialState({ conversationId: 'c' }));
  const stats = vi.fn(() => Promise.reject(new Error('gone')));
  keepStats({ stats, store, nowMs: () => 0, intervalMs: 1 });
  for (const times of [1, 2]) {
    store.update((state) => ({ ...state, conversation: ask(emptyConversation(String(times)), 'Hi') }));
    await vi.waitFor(() => {
      expect(stats).toHaveBeenCalledTimes(times);
    });
    await Promise.resolve();
  }
  expect(store.state.samples).toEqual([]);
});

it('looks at the end of a short answer at once, so that its speed is not that of a pause', async () => {
  const store = createStore(initialState({ conversationId: 'c' }));
  let timeMs = 0;
  const stats = vi.fn(() => {
    const counts = { numSequenceSteps: timeMs / 5, numAcceptedDraftTokens: 0 };
    return Promise.resolve({ ...counts, bufferBytes: 7, kvCache: { heldTokens: 0, totalTokens: 0 } } as EngineStats);
  });
  keepStats({ stats, store, nowMs: () => timeMs, intervalMs: 3_600_000 });
  store.update((state) => ({ ...state, conversation: ask(emptyConversation('c'), 'Hi') }));
  await vi.waitFor(() => {
    expect(store.state.samples).toHaveLength(1);
  });
  timeMs = 100;
  const result = { text: 'Hello', finishReason: 'stop', timings: {} } as GenerationResult;
  store.update((state) => ({ ...state, conversation: finishAnswer(state.conversation, result) }));
  await vi.waitFor(() => {
    expect(store.state.samples.map(({ tokensPerSecond }) => tokensPerSecond)).toEqual([undefined, 200]);
  });
});
