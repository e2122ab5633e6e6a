/** Scaled sums and gated parts of rows, by their checks; rows that are none of the step, and padding, keep what they hold. */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { gatePartCheck, scaledSumCheck, sigmoidMulCheck } from '../vectors/row-checks.ts';
import { sigmoidMul } from './gated-mul.ts';
import { gatePart, scaledSum } from './scaled-sum.ts';

describeOnAdapters((runner) => {
  it('scaled_sum_f32: with and without addend and factor', async () => {
    expect(await runner().problemOf(scaledSumCheck(scaledSum))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['v += y[at]', 'v += y[gid.x]'],
    ['var scale = params.scale', 'var scale = 1.0'],
    ['scale *= factor[0]', 'scale *= factor[1]'],
    ['params.has_addend == 1u', 'true'],
    ['params.has_factor == 1u', 'true'],
    ['step.num_prompt + step.num_generated', 'step.num_prompt'],
  ])('finds a planted mistake in the sum: %s -> %s', async ([right, wrong]) => {
    const check = scaledSumCheck(planted(scaledSum, right, wrong));
    expect(await runner().problemOf(check)).toMatchObject({ kind: 'wrong' });
  });

  it('gelu_part_f32', async () => {
    expect(await runner().problemOf(gatePartCheck(gatePart('gelu'), 'gelu'))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['params.first_word + gid.x', 'gid.x'],
    ['gid.y * params.by_words', 'gid.y * params.row_words'],
    ['gid.x < params.num_words', 'gid.x < params.row_words'],
  ])('finds a planted mistake in the gate: %s -> %s', async ([right, wrong]) => {
    const check = gatePartCheck(planted(gatePart('gelu'), right, wrong), 'gelu');
    expect(await runner().problemOf(check)).toMatchObject({ kind: 'wrong' });
  });

  it('sigmoid_mul_f32', async () => {
    expect(await runner().problemOf(sigmoidMulCheck(sigmoidMul))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['params.gate_offset + gid.x', 'gid.x'],
    ['vec4<f32>(80.0)', 'vec4<f32>(8.0)'],
    ['gid.x < params.num_words', 'gid.x < params.x_stride'],
  ])('finds a planted mistake in the sigmoid: %s -> %s', async ([right, wrong]) => {
    const check = sigmoidMulCheck(planted(sigmoidMul, right, wrong));
    expect(await runner().problemOf(check)).toMatchObject({ kind: 'wrong' });
  });
});
