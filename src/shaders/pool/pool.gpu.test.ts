/** Pooling, by its check: texts of one row and of several, and what lies behind them untouched. */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { poolCheck } from '../vectors/pool-check.ts';
import { poolRows } from './pool.ts';

describeOnAdapters((runner) => {
  it('the mean, the first and the last row', async () => {
    expect(await runner().problemOf(poolCheck(poolRows))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['first + 1u; r', 'first; r'],
    ['r <= last', 'r < last'],
    ['f32(last - first + 1u)', 'f32(last - first + 2u)'],
    ['last - rows[last].position', 'last'],
    ['params.kind == 2u', 'params.kind == 3u'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    expect(await runner().problemOf(poolCheck(planted(poolRows, right, wrong)))).toMatchObject({ kind: 'wrong' });
  });
});
