/**
 * Products in int8 against the oracle that rounds its rows to bytes and is exact otherwise: every type and variant of both
 * families. The bits of a row do not depend on the rows beside it, nor those of a family on anything but lanes or no lanes.
 * Planted mistakes are found.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { ALL_BLOCK_TYPES } from '../blocks/index.ts';
import { Q4_0 } from '../blocks/q4_0.ts';
import { Q4_K } from '../blocks/q4_k.ts';
import { Q6_K } from '../blocks/q6_k.ts';
import type { Kernel } from '../kernel.ts';
import { LINEAR_CASES, linearInputs, type LinearCase, type LinearInputs } from '../testing/linear.cases.ts';
import { planted } from '../testing/values.ts';
import { differences } from '../vectors/tolerance.ts';
import {
  int8Gemm,
  int8GemmWorkgroups,
  int8Gemv,
  int8GemvWorkgroups,
  isInt8,
  type Int8BlockType,
  type Int8GemmVariant,
  type Int8GemvVariant,
} from './int8.ts';
import { LINEAR_PARAMS } from './linear.ts';

type Family =
  | { readonly op: 'gemm'; readonly variant: Int8GemmVariant }
  | { readonly op: 'gemv'; readonly variant: Int8GemvVariant };

const FAMILIES: readonly Family[] = [
  ...(['rows', 'tiled', 'emulated'] as const).map((variant) => ({ op: 'gemm', variant }) as const),
  ...(['rows', 'lanes', 'subgroups', 'emulated'] as const).map((variant) => ({ op: 'gemv', variant }) as const),
];
const TYPES: readonly Int8BlockType[] = ALL_BLOCK_TYPES.filter(isInt8);

function kernelOf({ op, variant }: Family, type: BlockType, subgroupMin: number | undefined): Kernel {
  if (!isInt8(type)) throw new Error(`${type.name} has no int8`);
  return op === 'gemm' ? int8Gemm(type, variant, { subgroupMin }) : int8Gemv(type, variant, { subgroupMin });
}

function gridOf({ op, variant }: Family, numPrompt: number, numGenerated: number, numOut: number) {
  return op === 'gemm'
    ? int8GemmWorkgroups(variant, numPrompt, numOut)
    : int8GemvWorkgroups(variant, numGenerated, numOut);
}

/** The output after all shards, from the last to the first, so that none mends what another spoilt. */
async function compute(runner: KernelRunner, kernel: Kernel, family: Family, one: LinearCase, inputs: LinearInputs) {
  const { numPrompt, numGenerated, headRows = false } = one;
  const step = headRows
    ? packStep({ numPrompt: 99, numGenerated: 98, numPromptLogits: numPrompt, numGeneratedLogits: numGenerated })
    : packStep({ numPrompt, numGenerated, numPromptLogits: 99, numGeneratedLogits: 98 });
  const { quants, scales } = inputs.rounded;
  const x = new Uint32Array(quants.buffer, quants.byteOffset, quants.byteLength / 4);
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
    const bindings = [shard.quants, shard.scales, step, params, x, inputs.bias, out, scales];
    const grid = gridOf(family, numPrompt, numGenerated, shard.numRows);
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
  const inputs = linearInputs(type, seed, { ...one, int8: true });
  const out = await compute(runner, kernel, family, one, inputs);
  const [first, count] = family.op === 'gemm' ? [0, one.numPrompt] : [one.numPrompt, one.numGenerated];
  return differences(out.subarray(0, inputs.out.length), inputs.expected(first, count));
}

describeOnAdapters((runner) => {
  const all = FAMILIES.flatMap((family) =>
    TYPES.map((type) => ({ family, type, title: kernelOf(family, type, 4).name })),
  );
  it.for(all)('$title: seeds from 61 on', async ({ family, type }, { skip }) => {
    const kernel = kernelOf(family, type, runner().subgroupMin);
    const missing = runner().missingFeature(kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    for (const [i, one] of LINEAR_CASES.entries()) {
      expect(await check(runner(), kernel, family, type, 61 + i, one), `seed ${String(61 + i)}`).toEqual([]);
    }
  });

  // Types differ in what is within a group alone.
  it.for(all.filter(({ type }) => type.name === 'Q4_K'))(
    '$title: the bits of a row among 1, 2, 5 and 16 rows are the same, seed 67',
    async ({ family, type }, { skip }) => {
      const kernel = kernelOf(family, type, runner().subgroupMin);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const rowsOf = (count: number) =>
        family.op === 'gemm' ? { numPrompt: count, numGenerated: 0 } : { numPrompt: 0, numGenerated: count };
      const shape = { numOut: 13, rowElements: 2304 };
      const inputs = linearInputs(type, 67, { ...rowsOf(16), ...shape });
      const { quants, scales } = inputs.rounded;
      const bits = async (first: number, count: number) => {
        const part = (list: number) => [(first * list) / 16, ((first + count) * list) / 16] as const;
        const rounded = { quants: quants.slice(...part(quants.length)), scales: scales.slice(...part(scales.length)) };
        const one = { ...rowsOf(count), ...shape };
        const out = await compute(runner(), kernel, family, one, { ...inputs, rounded });
        return [...new Uint32Array(out.buffer, 0, count * inputs.outStride)];
      };
      const together = await bits(0, 16);
      for (const [first, count] of [
        [0, 1],
        [9, 1],
        [3, 2],
        [11, 5],
      ] as const) {
        const expected = together.slice(first * inputs.outStride, (first + count) * inputs.outStride);
        expect(await bits(first, count), `${String(count)} rows from ${String(first)} on`).toEqual(expected);
      }
    },
  );

  const alike = (
    [
      ['gemm', 'rows', 'tiled'],
      ['gemm', 'rows', 'emulated'],
      ['gemv', 'rows', 'emulated'],
      ['gemv', 'lanes', 'subgroups'],
    ] as const
  ).flatMap(([op, one, other]) =>
    TYPES.map((type) => ({ op, one, other, type, title: `${op}, ${one} and ${other}, ${type.name}` })),
  );
  it.for(alike)('$title give the same bits, seed 68', async ({ op, one, other, type }, { skip }) => {
    const shape: LinearCase = { numPrompt: 9, numGenerated: 5, numOut: 70, rowElements: 1057 };
    const inputs = linearInputs(type, 68, shape);
    const bits = async (variant: string) => {
      const family = FAMILIES.find((candidate) => candidate.op === op && candidate.variant === variant);
      if (family === undefined) throw new Error(`no ${op} ${variant}`);
      const kernel = kernelOf(family, type, runner().subgroupMin);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      return new Uint32Array((await compute(runner(), kernel, family, shape, inputs)).buffer);
    };
    expect(await bits(other)).toEqual(await bits(one));
  });

  const mistakes: readonly (readonly [Family['op'], string, BlockType, string, string])[] = [
    ['gemv', 'rows', Q4_0, 'fma(-8.0, sum, f32(a + b))', 'f32(a + b)'],
    ['gemv', 'rows', Q4_0, 'if (last > 1u)', 'if (last > 2u)'],
    ['gemv', 'emulated', Q4_0, 'vec4<u32>(24u, 16u, 8u, 0u)', 'vec4<u32>(24u, 16u, 8u, 8u)'],
    ['gemv', 'lanes', Q4_0, 'group += 32u', 'group += 64u'],
    ['gemv', 'lanes', Q4_K, '-(scale.y * sum)', '0.0'],
    ['gemv', 'lanes', Q6_K, 'scale.y * f32(b)', 'scale.x * f32(b)'],
    ['gemv', 'lanes', Q6_K, '0x20202020u', '0x20202021u'],
    ['gemm', 'tiled', Q6_K, 'xs_scales[loaded] =', 'xs_scales[tid & 31u] ='],
    ['gemm', 'tiled', Q4_0, 'm + 8u < rows.y', 'm + 9u < rows.y'],
    ['gemm', 'rows', Q4_0, 'row_group(high.y + group)', 'row_group(high.x + group)'],
  ];
  it.for(mistakes.map(([op, variant, type, right, wrong]) => ({ op, variant, type, right, wrong })))(
    'finds a mistake planted in $op $variant of $type.name: $right -> $wrong',
    async ({ op, variant, type, right, wrong }) => {
      const family = FAMILIES.find((candidate) => candidate.op === op && candidate.variant === variant);
      if (family === undefined) throw new Error(`no ${op} ${variant}`);
      const kernel = planted(kernelOf(family, type, 4), right, wrong);
      const found: string[] = [];
      for (const [i, one] of LINEAR_CASES.entries()) {
        if (found.length === 0) found.push(...(await check(runner(), kernel, family, type, 61 + i, one)));
      }
      expect(found).not.toEqual([]);
    },
  );
});
