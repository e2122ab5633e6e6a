import { expect, it } from 'vitest';
import { TimedOut, within } from './within.ts';

/** A clock that runs when it is told to. */
function clock() {
  const waiting: (() => void)[] = [];
  return {
    later: (callback: () => void) => void waiting.push(callback),
    tick: (times: number) => {
      for (let i = 0; i < times; i++) for (const callback of waiting.splice(0)) callback();
      return waiting.length;
    },
  };
}

it('hands on what was waited for, and stops its clock', async () => {
  const { later, tick } = clock();
  expect(await within(Promise.resolve(7), 1000, later)).toBe(7);
  await expect(within(Promise.reject(new Error('no')), 1000, later)).rejects.toThrow('no');
  expect(tick(1)).toBe(0);
});

it('gives up after so many ticks, not before', async () => {
  const { later, tick } = clock();
  const waiting = within(new Promise(() => undefined), 1000, later);
  expect(tick(3)).toBe(1);
  expect(tick(1)).toBe(0);
  await expect(waiting).rejects.toThrow(TimedOut);
});
