/** Rotary tables at the points where their formulas are simple; that models turn right, parity says. */
import { expect, it } from 'vitest';
import { RopeTable } from './rope.ts';

const ROPE = { theta: 10000, dim: 4, scaling: { kind: 'none' }, attnFactor: 1 } as const;

function rowOf(table: RopeTable, position: number): readonly number[] {
  const out = new Float32Array(2 * table.stride);
  table.write(position, out, 0);
  return [...out];
}

const angles = (...turns: readonly number[]) =>
  turns.flatMap((turn) => [Math.cos(turn), Math.sin(turn)].map(Math.fround));

it('turns pair i by position / theta^(2i / dim), divided by its factor; queries stay as they are', () => {
  expect(rowOf(new RopeTable(ROPE), 3)).toEqual([...angles(3, 0.03), 1, 0]);
  expect(rowOf(new RopeTable(ROPE, [2, 4]), 3)).toEqual([...angles(1.5, 0.0075), 1, 0]);
  const linear = { ...ROPE, scaling: { kind: 'linear', factor: 8 } } as const;
  expect(rowOf(new RopeTable(linear), 8)).toEqual([...angles(1, 0.01), 1, 0]);
});

it('multiplies cosines and sines of long contexts by the factor that the file names', () => {
  const long = { ...ROPE, dim: 2, attnFactor: 1.25, scaling: { kind: 'longrope', originalContextLength: 8 } } as const;
  expect(rowOf(new RopeTable(long, [1]), 0)).toEqual([1.25, 0, 1, 0]);
});

it('lets queries grow by the logarithm of whole lengths of the first context', () => {
  const table = new RopeTable(ROPE, undefined, { scale: 0.5, originalContextLength: 64 });
  const growth = (position: number) => rowOf(table, position)[4];
  expect(growth(63)).toBe(1);
  expect(growth(64)).toBe(Math.fround(1 + 0.5 * Math.log(2)));
  expect(growth(200)).toBe(Math.fround(1 + 0.5 * Math.log(4)));
});
