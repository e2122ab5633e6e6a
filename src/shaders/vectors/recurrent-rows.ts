/**
 * What the checks of kernels that carry a state from row to row have in common: two sequences in a step, one of which goes on from
 * a state; states kept behind several rows, in place and elsewhere; a row and a slot that belong to nobody. Runs nothing.
 */
import { exactly, type Expected } from './tolerance.ts';

export const NO_SLOT = 0xffffffff;
export const NUM_SLOTS = 4;
/** Rows 0 to 3 start from nothing and keep the state behind rows 1 and 3; rows 4 to 6 go on from slot 2, in place. */
export const SPANS = Uint32Array.of(0, 4, NO_SLOT, 0, 4, 3, 2, 0);
export const ROW_SLOTS = Uint32Array.of(NO_SLOT, 0, NO_SLOT, 3, NO_SLOT, NO_SLOT, 2, NO_SLOT);
export const NUM_ROWS = 8; // the last belongs to nobody
export const SEQUENCES = [
  { first: 0, count: 4, from: undefined },
  { first: 4, count: 3, from: 2 },
] as const;

/** What an oracle says of one column: its outputs, and its part of the state behind each row. */
export interface WrittenColumn {
  readonly outputs: readonly Expected[];
  readonly states: readonly (readonly Expected[])[];
}

/** Column `index` of `count`, whose states lie as [slot][size / 4][count][4] and outputs as [row][outStride]. */
export interface Column {
  readonly index: number;
  readonly count: number;
  readonly outStride: number;
}

const stateAt = (slot: number, size: number, { index, count }: Column, element: number) =>
  ((slot * (size / 4) + Math.floor(element / 4)) * count + index) * 4 + (element % 4);

/** A column's part of the state in a slot; undefined where a sequence starts from nothing. */
export function columnBefore(
  state: Float32Array,
  slot: number | undefined,
  size: number,
  column: Column,
): readonly number[] | undefined {
  if (slot === undefined) return undefined;
  return Array.from({ length: size }, (_, element) => state[stateAt(slot, size, column, element)] ?? NaN);
}

/** Puts what the oracle says of one column into what is expected of all words. */
export function expectColumn(
  { outputs, states }: WrittenColumn,
  first: number,
  column: Column,
  out: Expected[],
  state: Expected[],
): void {
  outputs.forEach((output, i) => {
    out[(first + i) * column.outStride + column.index] = output;
    const slot = ROW_SLOTS[first + i] ?? NO_SLOT;
    const kept = states[i] ?? [];
    kept.forEach((element, e) => {
      if (slot !== NO_SLOT) state[stateAt(slot, kept.length, column, e)] = element;
    });
  });
}

/** Expected contents: those before, to be changed by the oracle. */
export function untouched(before: ArrayLike<number>): Expected[] {
  return Array.from(before, exactly);
}

/** The number behind the last word of a kernel's name that is one: what it was made for. */
export function sizeInName(name: string): number {
  return Number(/_(\d+)(?!.*_\d)/.exec(name)?.[1] ?? NaN);
}

/** Of a column that is not computed here: any number of a reasonable size, and none that nobody wrote. */
export function someNumbers(count: number, size: number): WrittenColumn {
  const some: Expected = { value: 0, tolerance: 1e4 };
  const state = new Array<Expected>(size).fill(some);
  return { outputs: new Array<Expected>(count).fill(some), states: new Array<typeof state>(count).fill(state) };
}
