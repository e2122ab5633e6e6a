/** Rows of q|k|v of latent attention are copies, word for word; rows that are none of the step, and the padding, stay as they were. */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { latentJoinCheck } from '../vectors/row-checks.ts';
import { latentJoin } from './attention.ts';

describeOnAdapters((runner) => {
  it('copies what heads, key and value consist of', async () => {
    expect(await runner().problemOf(latentJoinCheck(latentJoin))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['params.num_heads + 2u', 'params.num_heads + 3u'],
    ['params.latent_words + i', 'i'],
    ['pitch + params.plain_words + i', 'pitch + i'],
    ['row < step.num_prompt + step.num_generated', 'true'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    expect(await runner().problemOf(latentJoinCheck(planted(latentJoin, right, wrong)))).toMatchObject({
      kind: 'wrong',
    });
  });
});
