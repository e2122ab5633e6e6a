/** AltUp's kernels, by their checks; rows that are none of the step, and padding, keep what they hold. */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted } from '../testing/values.ts';
import {
  coefficientsCheck,
  correctCheck,
  matchLengthCheck,
  predictCheck,
  sparsifyCheck,
} from '../vectors/altup-checks.ts';
import type { KernelCheck } from '../vectors/check.ts';
import { ALTUP_KERNELS, altupCoefficients, altupCorrect, altupPredict, matchLength, sparsify } from './altup.ts';

const CHECKS = new Map<Kernel, (kernel: Kernel) => KernelCheck>([
  [altupCoefficients, coefficientsCheck],
  [altupPredict, predictCheck],
  [altupCorrect, correctCheck],
  [matchLength, matchLengthCheck],
  [sparsify, sparsifyCheck],
]);

function checkOf(kernel: Kernel, compiled = kernel): KernelCheck {
  const check = CHECKS.get(kernel);
  if (check === undefined) throw new Error(`no check of ${kernel.name}`);
  return check(compiled);
}

describeOnAdapters((runner) => {
  it.for(ALTUP_KERNELS.map((kernel) => ({ kernel, title: kernel.name })))('$title', async ({ kernel }) => {
    expect(await runner().problemOf(checkOf(kernel))).toBeUndefined();
  });

  it.for(
    (
      [
        [altupCoefficients, 'v * weight[i]', 'v'],
        [altupCoefficients, 'params.eps) * n', 'params.eps)'],
        [altupCoefficients, 'stream * words + i', 'i'],
        [altupCoefficients, 'lane < params.num_out', 'lane <= params.num_out'],
        [altupPredict, 'k + a * 4u + c', 'k + c * 4u + a'],
        [altupPredict, 'if (a == 0u)', 'if (a == 1u)'],
        [altupCorrect, 'coefficients[k + a] + 1.0', 'coefficients[k + a]'],
        [altupCorrect, '* scale[gid.x]', ''],
        [altupCorrect, 'gid.y * params.coefficient_stride', '0u'],
        [matchLength, 'squares_x / squares_y', 'squares_y / squares_x'],
        [matchLength, ' * params.scale', ''],
        [matchLength, 'v += out[from_word + i]', 'v = out[from_word + i]'],
        [sparsify, 'f32(params.num_elements - 1u)', 'f32(params.num_elements)'],
        [sparsify, 'fma(params.factor, ', 'fma(1.0, '],
        [sparsify, ', mean);', ', 0.0);'],
      ] as const
    ).map(([kernel, right, wrong]) => ({ kernel, right, wrong })),
  )('finds a planted mistake: $right -> $wrong', async ({ kernel, right, wrong }) => {
    const check = checkOf(kernel, planted(kernel, right, wrong));
    expect(await runner().problemOf(check)).toMatchObject({ kind: 'wrong' });
  });
});
