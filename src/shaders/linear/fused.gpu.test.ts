/**
 * The fused products of generated rows against the oracle: norm + product, gate and up + SwiGLU, and both, each in the
 * variants that reach a device. They leave prompt rows and neighbouring columns alone, and a row's bits do not depend on
 * the rows beside it. Planted mistakes are found.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { F32 } from '../blocks/f32.ts';
import { Q4_0 } from '../blocks/q4_0.ts';
import { Q6_K } from '../blocks/q6_k.ts';
import type { Kernel } from '../kernel.ts';
import { EPS, FUSED_CASES, fusedInputs, type FusedCase, type FusedOp } from '../testing/fused.cases.ts';
import { differences } from '../vectors/tolerance.ts';
import { planted } from '../testing/values.ts';
import { gatedGemv, gemvWorkgroups, LINEAR_PARAMS, linearGemv, type GemvVariant } from './linear.ts';

/** Unpadded rows, scales in the other plane, and both; the types differ in `dequant32` alone, see linear.gpu.test.ts. */
const TYPES: readonly BlockType[] = [F32, Q4_0, Q6_K];

interface Fused extends FusedOp {
  readonly title: string;
  readonly variant: GemvVariant;
}

const FUSED: readonly Fused[] = [
  { title: 'gated, rows', variant: 'rows', normed: false, gated: true },
  { title: 'gated, columns', variant: 'columns', normed: false, gated: true },
  ...(['lanes', 'subgroups'] as const).flatMap((variant) => [
    { title: `normed, ${variant}`, variant, normed: true, gated: false },
    { title: `normed and gated, ${variant}`, variant, normed: true, gated: true },
  ]),
];

function kernelOf({ gated, normed, variant }: Fused, type: BlockType, subgroupMin: number | undefined): Kernel {
  const make = gated ? gatedGemv : linearGemv;
  return make(type, variant, normed ? 'normed' : 'plain', { subgroupMin, software: true });
}

type Inputs = ReturnType<typeof fusedInputs>;

/** The output after all shards, from the last to the first, so that none mends what another spoilt. */
async function compute(runner: KernelRunner, kernel: Kernel, fused: Fused, one: FusedCase, inputs: Inputs) {
  const { numPrompt, numGenerated, headRows = false } = one;
  const isHead = headRows && !fused.gated;
  const step = isHead
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
      head_rows: isHead ? 1 : 0,
      add_to_out: 0,
      has_bias: one.bias === true ? 1 : 0,
      split_at: shard.numOut,
      split_gap: fused.gated ? inputs.outStride - shard.numOut : 0,
      num_elements: inputs.numElements,
      eps: { f32: EPS },
    });
    const { x, bias, normWeight, rowIndex } = inputs;
    const bindings = [shard.quants, shard.scales, step, params, x, bias, out];
    const all = fused.normed ? [...bindings, normWeight, rowIndex] : bindings;
    const results = await runner.run(kernel, all, gemvWorkgroups(fused.variant, numGenerated, shard.numOut));
    out = new Float32Array(results[6] ?? new ArrayBuffer(0));
  }
  return out;
}

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  fused: Fused,
  type: BlockType,
  seed: number,
  one: FusedCase,
) {
  // Rows of the batch that want no logits are in a normed product's way alone.
  const inputs = fusedInputs(type, seed, fused, fused.gated ? { ...one, headRows: false } : one);
  const out = await compute(runner, kernel, fused, one, inputs);
  return differences(out.subarray(0, inputs.out.length), inputs.expected);
}

describeOnAdapters((runner, adapter) => {
  const kernelFor = (fused: Fused, type: BlockType, skip: (condition: boolean, note: string) => void) => {
    const kernel = kernelOf(fused, type, runner().subgroupMin);
    const missing = runner().missingFeature(kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    return kernel;
  };

  const all = FUSED.flatMap((fused) => TYPES.map((type) => ({ fused, type, title: kernelOf(fused, type, 4).name })));
  it.for(all)('$title: seeds 71 to 74', async ({ fused, type }, { skip }) => {
    const kernel = kernelFor(fused, type, skip);
    for (const [i, one] of FUSED_CASES.entries()) {
      expect(await check(runner(), kernel, fused, type, 71 + i, one), `seed ${String(71 + i)}`).toEqual([]);
    }
  });

  const exemplary = FUSED.flatMap((fused) => [F32, Q4_0].map((type) => ({ fused, type })));
  it.for(exemplary)(
    '$fused.title, $type.name: the bits of a row among 1, 2, 4, 5 and 16 rows are the same, seed 75',
    async ({ fused, type }, { skip }) => {
      const kernel = kernelFor(fused, type, skip);
      const one = { numPrompt: 0, numGenerated: 16, numOut: 6, rowElements: 2300, bias: true, shards: [0, 4] };
      const inputs = fusedInputs(type, 75, fused, one);
      const width = inputs.x.length / 16;
      const bits = async (first: number, count: number) => {
        const some = { ...inputs, x: inputs.x.slice(first * width, (first + count) * width) };
        const out = await compute(runner(), kernel, fused, { ...one, numGenerated: count }, some);
        return [...new Uint32Array(out.buffer, 0, count * inputs.outStride)];
      };
      const together = await bits(0, 16);
      for (const [first, count] of [
        [0, 1],
        [9, 1],
        [14, 2],
        [7, 4],
        [11, 5],
      ] as const) {
        const expected = together.slice(first * inputs.outStride, (first + count) * inputs.outStride);
        expect(await bits(first, count), `${String(count)} rows from ${String(first)} on`).toEqual(expected);
      }
    },
  );

  it.for(FUSED.filter(({ variant }) => variant === 'lanes'))(
    '$title and subgroups give the same bits, seed 76',
    async (fused, { skip }) => {
      const one: FusedCase = { numPrompt: 1, numGenerated: 6, numOut: 13, rowElements: 2300, bias: true };
      const inputs = fusedInputs(Q4_0, 76, fused, one);
      const bits = async (variant: GemvVariant) => {
        const kernel = kernelFor({ ...fused, variant }, Q4_0, skip);
        return new Uint32Array((await compute(runner(), kernel, fused, one, inputs)).buffer);
      };
      expect(await bits('subgroups')).toEqual(await bits('lanes'));
    },
  );

  const mistakes: readonly (readonly [string, string, string, BlockType?])[] = [
    ['gated, rows', 'params.split_at + row', 'row'], // the weights of gate for up
    ['gated, rows', 'finished(n + params.split_at', 'finished(n'], // and their bias
    ['gated, rows', 'exp(min(-gate, 80.0))', 'exp(min(gate, 80.0))'],
    ['gated, rows', 'if (count > 2u)', 'if (count > 3u)'],
    ['gated, columns', 'part * params.split_at + first', 'first'],
    ['gated, columns', '(first ^ phase) & 1u', 'phase'],
    ['gated, columns', 'n < params.split_at', 'n <= params.split_at'],
    ['gated, columns', 'lane, gates.b, ups.b', 'lane, gates.a, ups.b'],
    ['gated, columns', 'if (next > i)', 'if (next > i + 1u)'],
    ['normed, lanes', ' + vec4<f32>(params.eps)', ''],
    ['normed, lanes', 'f32(params.num_elements)', 'f32(params.num_groups * 32u)', F32],
    ['normed, lanes', 'return norm_weight[k]', 'return vec4<f32>(1.0)'],
    ['normed, lanes', 'fma(v, v, sum)', 'fma(min(v, vec4<f32>(65504.0)), v, sum)'],
    ['normed, lanes', 'return row_index[m]', 'return m'],
    ['normed, lanes', 'scales[lane]', 'scales[0]'],
    ['normed and gated, lanes', 'sum4(r1.squares)', 'sum4(r0.squares)'],
    ['normed and gated, lanes', 'ups[lane]', 'gates[lane]'],
    ['normed and gated, lanes', 'distance < 32u', 'distance < 16u'],
  ];
  // What is found on one adapter is found: Mesa takes many seconds to compile each of these that it has not seen before.
  const isCheap = (title: string) => title !== 'gated, columns' || adapter !== 'lavapipe';
  it.for(mistakes.filter(([title]) => isCheap(title)))(
    'finds a mistake planted in %s: %s -> %s',
    async ([title, right, wrong, type = Q4_0], { skip }) => {
      const fused = FUSED.find((candidate) => candidate.title === title);
      if (fused === undefined) throw new Error(`nothing is called ${title}`);
      kernelFor(fused, type, skip);
      const found: string[] = [];
      for (const [i, one] of FUSED_CASES.entries()) {
        found.push(
          ...(await check(runner(), planted(kernelOf(fused, type, 4), right, wrong), fused, type, 71 + i, one)),
        );
      }
      expect(found).not.toEqual([]);
    },
  );
});
