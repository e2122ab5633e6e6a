/** The seeded values of src/shaders/vectors, and how a wrong kernel is planted. It runs nothing. */
import type { Kernel } from '../kernel.ts';

export * from '../vectors/values.ts';

/** `kernel` with a piece of its code replaced wherever it is: a mistake that the checks must find. */
export function planted(kernel: Kernel, right: string, wrong: string): Kernel {
  if (!kernel.code.includes(right)) throw new Error(`${kernel.name} has no "${right}"`);
  return { ...kernel, name: `${kernel.name}_wrong`, code: kernel.code.replaceAll(right, () => wrong) };
}
