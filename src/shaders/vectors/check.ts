/**
 * A check of one kernel as data: words to run it over, and what is wrong with the words that come back. The same numbers
 * everywhere, so that a report from one device can be compared with one from another. It runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import type { Workgroups } from '../linear/linear.ts';
import { isOff, type Expected } from './tolerance.ts';

export type Words = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** One dispatch. Words that two runs have in common are the same array. */
export interface CheckRun {
  /** One for each binding of the kernel. */
  readonly bindings: readonly Words[];
  readonly workgroups: Workgroups;
}

export type CheckProblem =
  /** A number is further from the oracle's than rounding explains, or a word was written that should not be. */
  | { readonly kind: 'wrong'; readonly detail: string }
  /** A row's bits depend on how many rows stand beside it. */
  | { readonly kind: 'unsteady'; readonly detail: string };

export interface KernelCheck {
  readonly kernel: Kernel;
  readonly runs: readonly CheckRun[];
  /** The bindings that are compared. */
  readonly outputs: readonly number[];
  /** `outputs`: those bindings after each run. Undefined: the kernel is right. */
  verify(outputs: readonly (readonly Float32Array[])[]): CheckProblem | undefined;
}

/** Words of a uniform struct of u32 fields, in the order of `fields`; `floats` are those that are f32. */
export function packParams<Field extends string>(
  fields: readonly Field[],
  values: Readonly<Record<Field, number>>,
  floats: readonly Field[],
): Uint32Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(Math.ceil(fields.length / 4) * 16));
  fields.forEach((field, i) => {
    if (floats.includes(field)) view.setFloat32(i * 4, values[field], true);
    else view.setUint32(i * 4, values[field], true);
  });
  return new Uint32Array(view.buffer);
}

/** The words of `Step` in step.wgsl; all counts of rows that want logits are those of all rows. */
export function packStepRows(numPrompt: number, numGenerated: number, numTiles = 0, tableStride = 0) {
  return Uint32Array.of(numPrompt, numGenerated, numPrompt, numGenerated, numTiles, tableStride, 0, 0);
}

/** The first row in which two outputs differ in a bit; undefined when none does. */
export function firstDifferingRow(
  a: Float32Array,
  b: Float32Array,
  width: number,
  rows: readonly (readonly [ofA: number, ofB: number])[],
): number | undefined {
  const [bitsA, bitsB] = [bitsOf(a), bitsOf(b)];
  for (const [rowA, rowB] of rows) {
    for (let i = 0; i < width; i++) if (bitsA[rowA * width + i] !== bitsB[rowB * width + i]) return rowA;
  }
  return undefined;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** The only output of each run. */
export function onlyOutputs(outputs: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  return outputs.map(([only]) => only ?? new Float32Array());
}

/** What is off, in a line for a person; undefined when nothing is. */
export function whatIsOff(actual: ArrayLike<number>, expected: readonly Expected[]): string | undefined {
  let first = '';
  let count = 0;
  expected.forEach((wanted, i) => {
    const got = actual[i] ?? NaN;
    if (!isOff(got, wanted)) return;
    count += 1;
    const { value, tolerance } = wanted;
    if (count === 1)
      first = `word ${String(i)} is ${String(got)}, not ${String(value)} +- ${tolerance.toExponential(1)}`;
  });
  return count === 0 ? undefined : `${first}; ${String(count)} of ${String(expected.length)} differ`;
}

/** The first word that is not the expected one; undefined when there is none. */
export function otherWord(words: ArrayLike<number>, expected: ArrayLike<number>): CheckProblem | undefined {
  for (let i = 0; i < expected.length; i++) {
    if (words[i] !== expected[i])
      return { kind: 'wrong', detail: `word ${String(i)} is ${String(words[i])}, not ${String(expected[i])}` };
  }
  return undefined;
}
