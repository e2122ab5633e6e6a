/** Idle work: never beside anything else, cut short for it, and taken up again. */
import { expect, it } from 'vitest';
import { IdleWork, type IdleStep } from './idle.ts';

function bench(steps: IdleStep[]) {
  const waiting: (() => void)[] = [];
  const idle = new IdleWork(
    () => steps[0],
    (callback) => void waiting.push(callback),
  );
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    idle,
    numWaiting: () => waiting.length,
    pass: async () => {
      for (const callback of waiting.splice(0)) callback();
      await settle();
    },
  };
}

it('takes one step after the other once nothing runs', async () => {
  const done: number[] = [];
  const steps: IdleStep[] = [];
  steps.push(
    ...[1, 2, 3].map((n): IdleStep => () => {
      done.push(n);
      steps.shift();
      return Promise.resolve();
    }),
  );
  const { idle, pass, numWaiting } = bench(steps);
  await idle.during(() => Promise.resolve());
  expect(done).toEqual([]);
  await pass();
  expect(done).toEqual([1, 2, 3]);
  await idle.during(() => Promise.resolve());
  expect(numWaiting()).toBe(0);
});

it('waits until nothing runs, and aborts its step for what comes', async () => {
  let numStarted = 0;
  let isDone = false;
  const steps: IdleStep[] = [
    (signal) =>
      new Promise((resolve, reject) => {
        numStarted += 1;
        if (isDone) {
          steps.shift();
          resolve();
        }
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      }),
  ];
  const { idle, pass } = bench(steps);
  let finish: () => void = () => undefined;
  const first = idle.during(() => new Promise<void>((resolve) => (finish = resolve)));
  await idle.during(() => Promise.resolve());
  await pass();
  expect(numStarted).toBe(0);
  finish();
  await first;
  await pass();
  expect(numStarted).toBe(1);
  // The step under way ends here.
  await idle.during(() => Promise.resolve());
  isDone = true;
  await pass();
  await pass();
  expect(numStarted).toBe(2);
  expect(steps).toEqual([]);
});

it('does not repeat a step that fails by itself', async () => {
  let numTries = 0;
  const { idle, pass, numWaiting } = bench([
    () => {
      numTries += 1;
      return Promise.reject(new Error('no room'));
    },
  ]);
  await idle.during(() => Promise.resolve());
  await pass();
  expect(numTries).toBe(1);
  expect(numWaiting()).toBe(0);
});
