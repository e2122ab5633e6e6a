/**
 * Products with stacked matrices of experts, by their check: prompt rows by tiles, generated rows by pairs, gate and up together,
 * biases, shards that begin in the middle of an expert. The bits of a row do not depend on which tile it is in.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { F32 } from '../blocks/f32.ts';
import { MXFP4 } from '../blocks/mxfp4.ts';
import { Q4_0 } from '../blocks/q4_0.ts';
import { Q4_K } from '../blocks/q4_k.ts';
import type { Activation } from '../elementwise/activation.ts';
import { planted } from '../testing/values.ts';
import { expertCheck, type ExpertSubject } from '../vectors/expert-check.ts';
import { expertGemm, expertGemv } from './experts.ts';

/** Kernels of prompt rows, and of generated ones by the names of their variants. */
const FAMILIES = ['tiled', 'by eight', 'rows', 'lanes', 'subgroups'] as const;
type Family = (typeof FAMILIES)[number];

function subjectOf(type: BlockType, family: Family, subgroupMin?: number, activation?: Activation): ExpertSubject {
  if (family === 'tiled' || family === 'by eight') {
    const variant = family === 'tiled' ? 'tiled' : 'rows';
    return { op: 'expertGemm', kernel: expertGemm(type, variant), type, variant };
  }
  const kernel = expertGemv(type, family, { subgroupMin, software: true }, activation);
  return { op: 'expertGemv', kernel, type, variant: family, ...(activation === undefined ? {} : { activation }) };
}

/** Types differ in `dequant32` alone, which the tests of the gather and of the plain product are for: so one of each layout. */
const TYPES: readonly BlockType[] = [F32, Q4_0, Q4_K, MXFP4];

const PLAIN = FAMILIES.flatMap((family) => TYPES.map((type) => ({ family, type, activation: undefined })));
const ACTIVATED = (['rows', 'lanes', 'subgroups'] as const).flatMap((family) => [
  { family, type: Q4_0, activation: 'silu' as const },
  { family, type: MXFP4, activation: 'swiglu_oai' as const },
]);

describeOnAdapters((runner) => {
  it.for(
    [...PLAIN, ...ACTIVATED].map((one) => ({
      ...one,
      title: subjectOf(one.type, one.family, 4, one.activation).kernel.name,
    })),
  )('$title', async ({ family, type, activation }, { skip }) => {
    const subject = subjectOf(type, family, runner().subgroupMin, activation);
    const missing = runner().missingFeature(subject.kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    expect(await runner().problemOf(expertCheck(subject))).toBeUndefined();
  });

  it.for<readonly [Family, string, string]>([
    ['tiled', 'tm + i < tile.count', 'tm + i + 1u < tile.count'],
    ['tiled', 'group < num_groups', 'group + 1u < num_groups'],
    ['tiled', 'n + 8u < end', 'n + 9u < end'],
    ['by eight', 'tile.count > 5u', 'tile.count > 6u'],
    ['by eight', 'pair / params.num_used', 'pair'],
    ['rows', 'min(begin + params.expert_rows, params.first_row + params.num_rows)', 'begin + params.expert_rows'],
    ['rows', 'n - part.count + params.num_rows', 'n'],
    ['rows', 'at - params.num_rows + params.bias_gap', 'at'],
    ['rows', 'n - part.count + params.half_gap', 'n'],
    ['rows', 'first - begin)', '0u)'],
    ['lanes', 'group += 32u', 'group += 64u'],
    ['lanes', 'step.num_prompt * params.num_used + wid.y', 'wid.y'],
  ])('finds a mistake planted in %s: %s -> %s', async ([family, right, wrong]) => {
    const subject = subjectOf(Q4_0, family);
    const check = expertCheck({ ...subject, kernel: planted(subject.kernel, right, wrong) });
    expect(await runner().problemOf(check)).toMatchObject({ kind: 'wrong' });
  });

  it('finds bits that depend on the tile', async () => {
    const subject = subjectOf(Q4_0, 'by eight');
    const kernel = planted(subject.kernel, 'sum4(sums.a)', 'sum4(sums.a) * select(1.0, 1.0000001, tile.count == 8u)');
    expect(await runner().problemOf(expertCheck({ ...subject, kernel }))).toMatchObject({ kind: 'unsteady' });
  });
});
