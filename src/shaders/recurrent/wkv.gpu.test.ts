/** RWKV's kernels against their oracles, in the checks that a device runs too, and mistakes that the checks must find. */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { tokenShiftCheck, wkvCheck } from '../vectors/wkv-check.ts';
import { wkvInputsCheck, wkvOutCheck, wkvRanksCheck } from '../vectors/wkv-row-checks.ts';
import { tokenShift } from './token-shift.ts';
import { wkv, wkvInputs, wkvOut, wkvRanks } from './wkv.ts';

const CASES = [
  [tokenShift(1), tokenShiftCheck],
  [tokenShift(6), tokenShiftCheck],
  [wkvRanks, wkvRanksCheck],
  [wkvInputs, wkvInputsCheck],
  [wkv(12), wkvCheck],
  [wkvOut, wkvOutCheck],
] as const;

const MISTAKES = [
  [tokenShift(6), tokenShiftCheck, 'before = input;', ''],
  [tokenShift(6), tokenShiftCheck, 'span.from_slot != NO_SLOT', 'false'],
  [tokenShift(6), tokenShiftCheck, 'm * params.part_stride', '0u'],
  [tokenShift(6), tokenShiftCheck, 'last[slot * channels + c] = input', 'last[slot * channels + c] = before + change'],
  [wkvRanks, wkvRanksCheck, 'sign(x) * ', ''],
  [wkvRanks, wkvRanksCheck, 'decay[at] = tanh4(decay[at])', 'decay[at] = sigmoid4(decay[at])'],
  [wkvRanks, wkvRanksCheck, 'gid.x < params.gate_words', 'true'],
  [wkvInputs, wkvInputsCheck, 'ROOT_OF_1_BY_E = 0.6065306597126334', 'ROOT_OF_1_BY_E = 0.6065'],
  [wkvInputs, wkvInputsCheck, 'max(sqrt(sum32(lane, squares)), 1e-12)', 'sqrt(sum32(lane, squares) + 1e-5)'],
  [wkvInputs, wkvInputsCheck, '= unit * rate', '= unit'],
  [wkvInputs, wkvInputsCheck, 'rate - vec4<f32>(1.0)', 'rate'],
  [wkvInputs, wkvInputsCheck, 'params.keeps_values == 1u', 'true'],
  [wkv(12), wkvCheck, 'span.from_slot != NO_SLOT', 'false'],
  [wkv(12), wkvCheck, 'rows[at + DECAY * n + i]', 'rows[first + DECAY * n + i]'],
  [wkv(12), wkvCheck, '-((found.x', '((found.x'],
  [wkv(12), wkvCheck, '[c % 4u]', '[0]'],
  [wkvOut, wkvOutCheck, 'let d = x[x_at + i] - mean', 'let d = x[x_at + i]'],
  [wkvOut, wkvOutCheck, ' + params.eps', ''],
  [wkvOut, wkvOutCheck, 'constants[2u * n + head + i]', 'constants[n + head + i]'],
  [wkvOut, wkvOutCheck, 'fma(bonus, rows[at + VALUE * n + i], normed)', 'normed'],
  [wkvOut, wkvOutCheck, ' * rows[at + GATE * n + i]', ''],
] as const;

describeOnAdapters((runner) => {
  it.for(CASES.map(([kernel, check]) => ({ name: kernel.name, kernel, check })))('$name', async ({ kernel, check }) => {
    expect(await runner().problemOf(check(kernel))).toBeUndefined();
  });

  it.for(MISTAKES.map(([kernel, check, right, wrong]) => ({ name: kernel.name, kernel, check, right, wrong })))(
    'finds a mistake planted in $name: $right -> $wrong',
    async ({ kernel, check, right, wrong }) => {
      expect(await runner().problemOf(check(planted(kernel, right, wrong)))).toMatchObject({ kind: 'wrong' });
    },
  );
});
