/**
 * A check whose outputs are compared word by word with what is expected of them, run by run. For kernels whose rows have
 * nothing to do with each other. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { whatIsOff, type CheckRun, type KernelCheck } from './check.ts';
import type { Expected } from './tolerance.ts';

export interface PlainOutput {
  readonly binding: number;
  readonly expected: readonly Expected[];
  /** What the words stand for; default: f32. */
  readonly read?: (words: Float32Array) => ArrayLike<number>;
}

export interface PlainRun extends CheckRun {
  /** Of every run the same bindings. */
  readonly outputs: readonly PlainOutput[];
}

export function plainCheck(kernel: Kernel, runs: readonly PlainRun[]): KernelCheck {
  return {
    kernel,
    runs,
    outputs: runs[0]?.outputs.map(({ binding }) => binding) ?? [],
    verify: (results) => {
      for (const [i, { outputs }] of runs.entries()) {
        for (const [j, { expected, read, binding }] of outputs.entries()) {
          const words = results[i]?.[j] ?? new Float32Array();
          const found = whatIsOff(read === undefined ? words : read(words), expected);
          if (found !== undefined) {
            return { kind: 'wrong', detail: `${found}, run ${String(i)}, binding ${String(binding)}` };
          }
        }
      }
      return undefined;
    },
  };
}

/** The same words as whole numbers. */
export function asU32(words: Float32Array): Uint32Array {
  return new Uint32Array(words.buffer, words.byteOffset, words.length);
}
