/**
 * Matrix products of every block type against the oracle: the GEMM variants for prompt rows, the GEMV variants for generated
 * ones; each leaves the rows of the other class and the columns of its neighbours alone. `lanes` and `subgroups` give
 * the same bits. Planted mistakes are found.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { F32 } from '../blocks/f32.ts';
import { ALL_BLOCK_TYPES } from '../blocks/index.ts';
import { Q4_0 } from '../blocks/q4_0.ts';
import { Q4_K } from '../blocks/q4_k.ts';
import { Q6_K } from '../blocks/q6_k.ts';
import { Q8_0 } from '../blocks/q8_0.ts';
import type { Kernel } from '../kernel.ts';
import { differences } from '../vectors/tolerance.ts';
import { planted } from '../testing/values.ts';
import { LINEAR_CASES, linearInputs, type LinearCase } from '../testing/linear.cases.ts';
import {
  gemmWorkgroups,
  gemvWorkgroups,
  LINEAR_PARAMS,
  linearGemm,
  linearGemv,
  type GemvVariant,
  type Workgroups,
} from './linear.ts';

/** The GEMM variants, and those of GEMV by their own names. */
const GEMMS = { gemm: 'tiled', 'gemm by rows': 'rows', 'gemm by columns': 'columns' } as const;
type Gemm = keyof typeof GEMMS;
type Family = Gemm | GemvVariant;
const GEMM_FAMILIES: readonly Gemm[] = ['gemm', 'gemm by rows', 'gemm by columns'];
const FAMILIES: readonly Family[] = [...GEMM_FAMILIES, 'rows', 'columns', 'lanes', 'subgroups'];

function isPrompt(family: Family): family is Gemm {
  return family in GEMMS;
}

function kernelOf(type: BlockType, family: Family, subgroupMin: number | undefined): Kernel {
  if (isPrompt(family)) return linearGemm(type, GEMMS[family], subgroupMin);
  return linearGemv(type, family, 'plain', { subgroupMin, software: true });
}

function gridOf(family: Family, numPrompt: number, numGenerated: number, numOut: number): Workgroups {
  if (isPrompt(family)) return gemmWorkgroups(numPrompt, numOut, GEMMS[family]);
  return gemvWorkgroups(family, numGenerated, numOut);
}

/**
 * Types differ in `dequant32` alone, which the tests of the gather prove to the bit: so these, a few of each layout of
 * planes, are multiplied in every case, and the others in enough to see that a driver compiles them rightly.
 */
const THOROUGH: ReadonlySet<string> = new Set(['F32', 'F16', 'Q4_0', 'Q8_0', 'Q4_K', 'Q6_K']);

/** The output after all shards, from the last to the first, so that none mends what another spoilt. */
async function compute(
  runner: KernelRunner,
  kernel: Kernel,
  family: Family,
  one: LinearCase,
  inputs: ReturnType<typeof linearInputs>,
): Promise<Float32Array<ArrayBuffer>> {
  const { numPrompt, numGenerated, headRows = false } = one;
  // Whichever counts are not asked for are wrong ones.
  const step = headRows
    ? packStep({ numPrompt: 99, numGenerated: 98, numPromptLogits: numPrompt, numGeneratedLogits: numGenerated })
    : packStep({ numPrompt, numGenerated, numPromptLogits: 99, numGeneratedLogits: 98 });
  let { out } = inputs;
  for (const shard of [...inputs.shards].reverse()) {
    const params = packFields(LINEAR_PARAMS, {
      num_groups: shard.numGroups,
      num_out: shard.numRows,
      x_stride: shard.numGroups * 32,
      out_stride: inputs.outStride,
      out_offset: (one.outOffset ?? 0) + shard.firstRow,
      head_rows: headRows ? 1 : 0,
      add_to_out: one.addToOut === true ? 1 : 0,
      has_bias: one.bias === true ? 1 : 0,
      split_at: one.split?.at ?? shard.numRows,
      split_gap: one.split?.gap ?? 0,
      num_elements: 0, // of no use here
      eps: 0,
    });
    const grid = gridOf(family, numPrompt, numGenerated, shard.numRows);
    const bindings = [shard.quants, shard.scales, step, params, inputs.x, inputs.bias, out];
    out = new Float32Array((await runner.run(kernel, bindings, grid))[6] ?? new ArrayBuffer(0));
  }
  return out;
}

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  family: Family,
  type: BlockType,
  seed: number,
  one: LinearCase,
) {
  const inputs = linearInputs(type, seed, one);
  const out = await compute(runner, kernel, family, one, inputs);
  const [first, count] = isPrompt(family) ? [0, one.numPrompt] : [one.numPrompt, one.numGenerated];
  return differences(out.subarray(0, inputs.out.length), inputs.expected(first, count));
}

describeOnAdapters((runner, adapter) => {
  /** What is found on one adapter is found: Mesa takes seconds to compile each kernel of `columns` that it has not seen before. */
  const isCheap = (family: Family) => family !== 'columns' || adapter !== 'lavapipe';

  const all = FAMILIES.flatMap((family) =>
    ALL_BLOCK_TYPES.map((type) => ({ family, type, title: kernelOf(type, family, 4).name })),
  );
  it.for(all)('$title: seeds from 41 on', async ({ family, type }, { skip }) => {
    const kernel = kernelOf(type, family, runner().subgroupMin);
    const missing = runner().missingFeature(kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    const cases = THOROUGH.has(type.name) ? LINEAR_CASES : LINEAR_CASES.slice(0, 2);
    for (const [i, one] of cases.entries()) {
      const seed = 41 + i;
      expect(await check(runner(), kernel, family, type, seed, one), `seed ${String(seed)}`).toEqual([]);
    }
  });

  const exemplary = FAMILIES.flatMap((family) => [F32, Q4_0].map((type) => ({ family, type })));
  it.for(exemplary)(
    '$family, $type.name: the bits of a row among 1, 2, 5 and 16 rows are the same, seed 47',
    async ({ family, type }, { skip }) => {
      const kernel = kernelOf(type, family, runner().subgroupMin);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const numOut = 13;
      const bits = async (first: number, count: number) => {
        const classes = isPrompt(family) ? { numPrompt: 16, numGenerated: 0 } : { numPrompt: 0, numGenerated: 16 };
        const inputs = linearInputs(type, 47, { ...classes, numOut, rowElements: 2300 });
        const width = inputs.x.length / 16;
        const some = { ...inputs, x: inputs.x.slice(first * width, (first + count) * width) };
        const counts = isPrompt(family) ? { numPrompt: count, numGenerated: 0 } : { numPrompt: 0, numGenerated: count };
        const out = await compute(runner(), kernel, family, { ...counts, numOut, rowElements: 2300 }, some);
        return [...new Uint32Array(out.buffer, 0, count * inputs.outStride)];
      };
      const all = await bits(0, 16);
      const stride = all.length / 16;
      for (const [first, count] of [
        [0, 1],
        [9, 1],
        [3, 2],
        [14, 2],
        [1, 5],
        [11, 5],
      ] as const) {
        expect(await bits(first, count), `rows ${String(first)} on`).toEqual(
          all.slice(first * stride, (first + count) * stride),
        );
      }
    },
  );

  const inTeams = [
    ...[Q4_0, Q8_0, Q4_K].map((type) => ({ family: 'columns', type }) as const),
    { family: 'gemm by columns', type: Q4_0 } as const,
  ];
  it.for(inTeams)(
    '$family, $type.name: teams of four lanes in a subgroup of any size, seed 50',
    async ({ family, type }, { skip }) => {
      const kernel = kernelOf(type, family, 4);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const one: LinearCase = { numPrompt: 11, numGenerated: 3, numOut: 131, rowElements: 1057 };
      expect(await check(runner(), kernel, family, type, 50, one)).toEqual([]);
    },
  );

  // `lanes` has the grid of `subgroups`, and takes ten barriers for each of the 32803 workgroups.
  it.for(['rows', 'columns', 'subgroups', ...GEMM_FAMILIES] as const)(
    '%s: more outputs than fit one dimension, seed 45',
    async (family, { skip }) => {
      const one: LinearCase = { numPrompt: 1, numGenerated: 1, numOut: 65536 + 67, rowElements: 32 };
      const kernel = kernelOf(Q4_0, family, runner().subgroupMin);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      expect(await check(runner(), kernel, family, Q4_0, 45, one)).toEqual([]);
    },
  );

  const thorough = ALL_BLOCK_TYPES.filter(({ name }) => THOROUGH.has(name));
  it.for(thorough.map((type) => ({ type, title: kernelOf(type, 'lanes', 4).name })))(
    '$title and subgroups of any smallest size give the same bits, seed 46',
    async ({ type }, { skip }) => {
      const { subgroupMin } = runner();
      const missing = runner().missingFeature(kernelOf(type, 'subgroups', subgroupMin));
      skip(missing !== undefined || subgroupMin === undefined, `the adapter has no ${String(missing)}`);
      const one: LinearCase = { numPrompt: 1, numGenerated: 6, numOut: 13, rowElements: 2300 };
      const inputs = linearInputs(type, 46, one);
      const bits = async (kernel: Kernel, family: Family) =>
        new Uint32Array((await compute(runner(), kernel, family, one, inputs)).buffer);
      const lanes = await bits(kernelOf(type, 'lanes', 4), 'lanes');
      for (let size = 1; size <= Math.min(32, subgroupMin ?? 0); size *= 2) {
        expect(await bits(kernelOf(type, 'subgroups', size), 'subgroups'), `size ${String(size)}`).toEqual(lanes);
      }
    },
  );

  const mistakes: readonly (readonly [Family, string, string])[] = [
    ['gemm', 'group < params.num_groups', 'group + 1u < params.num_groups'], // drops the last partial tile
    ['gemm', 'var high = mat4x4<f32>();', 'var high = mat4x4<f32>(); high[3][3] = 1e-3;'],
    ['gemm', 'n + 8u < params.num_out', 'n + 8u <= params.num_out'],
    ['gemm by rows', 'fma(value, scale, b)', 'fma(clamp(value, -65504.0, 65504.0), scale, b)'], // overflow of f16
    ['gemm by rows', 'bias[column(n)]', 'bias[n]'],
    ['gemm by rows', 'n >= params.split_at', 'n > params.split_at'],
    ['gemm by rows', 'group < params.num_groups', 'group + 1u < params.num_groups'],
    ['gemm by rows', 'last >= 4u', 'last > 4u'],
    ['rows', 'group < params.num_groups', 'group + 1u < params.num_groups'],
    ['rows', 'if (count > 1u) { store_scaled(at.y', 'if (count > 2u) { store_scaled(at.y'],
    ['gemm by columns', 'last == 0u', 'last <= 1u'],
    ['gemm by columns', 'lane + 4u <= last', 'lane + 4u < last'],
    ['gemm by columns', 'min(i / 8u, last)', 'min(i / 8u, 6u)'],
    ['gemm by columns', 'select(second, first, is_second), bit', 'select(first, second, is_second), bit'],
    ['gemm by columns', '(*v)[48u + i]', '(*v)[40u + i]'],
    ['gemm by columns', 'vec4<bool>(group < params.num_groups)', 'vec4<bool>(true)'],
    ['gemm by columns', 'begin < params.num_groups; begin', 'begin + 1u < params.num_groups; begin'],
    ['gemm by columns', 'n < params.num_out', 'n <= params.num_out'],
    // Of one row alone.
    ['gemm by columns', 'store(m, n, t[i + lane])', 'store(m, n, t[i])'],
    ['gemm by columns', 'subgroupShuffleXor(s, 2u)', 'subgroupShuffleXor(s, 1u)'],
    ['columns', 'begin < params.num_groups + phase', 'begin + 1u < params.num_groups + phase'],
    ['columns', 'subgroupShuffleXor(s, 2u)', 'subgroupShuffleXor(s, 1u)'],
    ['columns', 'own = select(own, s, i == lane)', 'own = s'],
    ['columns', 'params.num_groups & (UNIT_GROUPS - 1u)', '0u'],
    ['columns', 'lane * UNIT_GROUPS - phase', 'lane * UNIT_GROUPS'],
    ['columns', 'row_groups() * phases() / UNIT_GROUPS', 'row_groups() / UNIT_GROUPS'],
    ['columns', 'at < params.num_groups', 'at <= params.num_groups'],
    ['columns', 'fma(q, UNITS, -s[1])', 'fma(q, UNITS, -s[0])'],
    ['columns', 'row_at(m + next)', 'row_at(m + i)'],
    ['columns', 'if (next > i)', 'if (next > i + 1u)'],
    ['columns', 'n < params.num_out', 'n <= params.num_out'],
    ['lanes', 'distance < 32u', 'distance < 16u'],
    ['lanes', 'group += 32u', 'group += 64u'],
    ['lanes', 'lane < count', 'lane <= count'],
  ];
  it.for(mistakes.filter(([family]) => isCheap(family)))(
    'finds a mistake planted in %s: %s -> %s',
    async ([family, right, wrong], { skip }) => {
      const kernel = planted(kernelOf(Q4_0, family, 4), right, wrong);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const found: string[] = [];
      for (const [i, one] of LINEAR_CASES.entries()) {
        found.push(...(await check(runner(), kernel, family, Q4_0, 41 + i, one)));
      }
      expect(found).not.toEqual([]);
    },
  );

  // One shape of a whole block is enough for what is between the groups of a unit, or between teams.
  const betweenGroups: readonly { type: BlockType; family: Family; right: string; wrong: string }[] = [
    { type: Q4_0, family: 'columns', right: 'wid.x * team_rows()', wrong: '0u' },
    { type: Q4_0, family: 'gemm by columns', right: 'wid.x * TEAM_ROWS', wrong: '0u' },
    { type: Q4_K, family: 'columns', right: 'scale_min_k(head, j + 1u)', wrong: 'scale_min_k(head, j)' },
    { type: Q4_K, family: 'columns', right: 'fma(u.d.y, 8.0, -u.m.y)', wrong: '-u.m.y' },
    { type: Q6_K, family: 'columns', right: 'dot_q6k(quarter3_b', wrong: 'dot_q6k(quarter1_b' },
    { type: Q6_K, family: 'columns', right: '(u.high_b >> vec4<u32>(2u))', wrong: 'u.high_b' },
    { type: Q8_0, family: 'columns', right: 'word ^ 0x00808080u', wrong: 'word ^ 0x80808080u' },
  ];
  it.for(betweenGroups.filter(({ family }) => isCheap(family)))(
    'finds a mistake planted in $type.name, $family: $right -> $wrong',
    async ({ type, family, right, wrong }, { skip }) => {
      const { subgroupMin = 0 } = runner();
      const kernel = kernelOf(type, family, subgroupMin);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const one: LinearCase = { numPrompt: 1, numGenerated: 1, numOut: 130, rowElements: 256 };
      expect(await check(runner(), kernel, family, type, 49, one)).toEqual([]);
      expect(await check(runner(), planted(kernel, right, wrong), family, type, 49, one)).not.toEqual([]);
    },
  );
});
