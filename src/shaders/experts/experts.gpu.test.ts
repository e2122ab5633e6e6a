/**
 * Products with stacked matrices of experts against the oracle of the plain product: prompt rows by tiles, generated rows by
 * pairs, gate and up together, biases, shards that begin in the middle of an expert. The bits of a row do not depend on
 * which tile it is in. Planted mistakes are found.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { BlockType } from '../blocks/block-type.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import { F32 } from '../blocks/f32.ts';
import { MXFP4 } from '../blocks/mxfp4.ts';
import { Q4_0 } from '../blocks/q4_0.ts';
import { Q4_K } from '../blocks/q4_k.ts';
import type { Activation } from '../elementwise/activation.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import type { Kernel } from '../kernel.ts';
import { linearRef } from '../linear/linear.ref.ts';
import { gemmTileRows, type GemvVariant } from '../linear/linear.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED, wholeBelow } from '../testing/values.ts';
import { planesOf, randomRows, rowElementsNear } from '../vectors/blocks.ts';
import {
  addTolerance,
  differences,
  dotTolerance,
  exactly,
  gatedTolerance,
  type Expected,
} from '../vectors/tolerance.ts';
import {
  EXPERT_PARAMS,
  expertGemm,
  expertGemmWorkgroups,
  expertGemv,
  expertGemvWorkgroups,
  maxExpertTiles,
} from './experts.ts';

/** Kernels of prompt rows, and of generated ones by the names of their variants. */
const FAMILIES = ['tiled', 'by eight', 'rows', 'lanes', 'subgroups'] as const;
type Family = (typeof FAMILIES)[number];

interface ExpertCase {
  readonly numExperts: number;
  readonly numUsed: number;
  readonly numPrompt: number;
  readonly numGenerated: number;
  /** Outputs of an expert. */
  readonly numOut: number;
  readonly rowElements: number;
  /** Gate and up, side by side or, of generated rows, activated. */
  readonly gated?: boolean;
  /** First rows of the shards, of each half. */
  readonly shards?: readonly number[];
  readonly bias?: boolean;
  /** Pairs of a row have x in common. */
  readonly xShared?: boolean;
}

const X_OFFSET = 8;

const CASES: readonly ExpertCase[] = [
  { numExperts: 3, numUsed: 2, numPrompt: 1, numGenerated: 1, numOut: 5, rowElements: 1, xShared: true },
  {
    numExperts: 7,
    numUsed: 3,
    numPrompt: 21,
    numGenerated: 4,
    numOut: 67,
    rowElements: 287,
    gated: true,
    bias: true,
    xShared: true,
    shards: [0, 100, 130, 333],
  },
  {
    numExperts: 2,
    numUsed: 2,
    numPrompt: 37,
    numGenerated: 5,
    numOut: 13,
    rowElements: 1057,
    bias: true,
    shards: [0, 4],
  },
];

const isPrompt = (family: Family): family is 'tiled' | 'by eight' => family === 'tiled' || family === 'by eight';
const gemmOf = (family: 'tiled' | 'by eight') => (family === 'tiled' ? 'tiled' : 'rows');

function kernelOf(type: BlockType, family: Family, subgroupMin?: number, activation?: Activation): Kernel {
  if (isPrompt(family)) return expertGemm(type, gemmOf(family));
  return expertGemv(type, family, { subgroupMin, software: true }, activation);
}

function inputsOf(type: BlockType, seed: number, one: ExpertCase) {
  const random = seededRandom(seed);
  const { numExperts, numUsed, numPrompt, numGenerated, numOut, gated = false, xShared = false } = one;
  const halves = gated ? 2 : 1;
  const width = rowElementsNear(type, one.rowElements);
  const numRows = numPrompt + numGenerated;
  const raws = Array.from({ length: halves }, () => randomRows(type, numExperts * numOut, width, random, 12));
  const numX = xShared ? numRows : numRows * numUsed;
  const exact = randomFloats(random, numX * width, 8);
  const padded = Math.ceil(width / 32) * 32;
  // The first words of a row are another matrix's.
  const x = new Float32Array(numX * (X_OFFSET + padded));
  for (let r = 0; r < numX; r++) {
    const at = r * (X_OFFSET + padded);
    x.fill(UNTOUCHED, at, at + X_OFFSET);
    x.set(exact.subarray(r * width, (r + 1) * width), at + X_OFFSET);
  }
  const bias = randomFloats(random, halves * numExperts * numOut, 8);
  // The experts of a row differ.
  const ids = Uint32Array.from({ length: numRows * numUsed }, (_, pair) =>
    pair % numUsed === 0 ? wholeBelow(random, numExperts) : 0,
  );
  ids.forEach((_, pair) => {
    if (pair % numUsed !== 0) ids[pair] = ((ids[pair - 1] ?? NaN) + 1) % numExperts;
  });
  return { width, padded, raws, exact, x, bias, ids, numRows };
}

type Inputs = ReturnType<typeof inputsOf>;

/** The tiles of prompt rows, as expert_tiles makes them. */
function tilesOf(ids: Uint32Array, numPairs: number, numExperts: number, tilePairs: number, numTiles: number) {
  const pairs: number[] = [];
  const tiles: number[] = [];
  for (let expert = 0; expert < numExperts; expert++) {
    const own = Array.from({ length: numPairs }, (_, pair) => pair).filter((pair) => ids[pair] === expert);
    for (let i = 0; i < own.length; i += tilePairs) {
      tiles.push(expert, pairs.length + i, Math.min(tilePairs, own.length - i));
    }
    pairs.push(...own);
  }
  const words = new Uint32Array(numTiles * 3);
  words.set(tiles);
  return { tiles: words, pairs: Uint32Array.from(pairs) };
}

async function compute(
  runner: KernelRunner,
  kernel: Kernel,
  family: Family,
  type: BlockType,
  one: ExpertCase,
  { padded, width, raws, x, bias, ids, numRows }: Inputs,
  activated: boolean,
) {
  const { numExperts, numUsed, numPrompt, numGenerated, numOut, gated = false, shards = [0] } = one;
  const halves = gated ? 2 : 1;
  const outStride = outStrideOf(one);
  let out = new Float32Array(numRows * numUsed * outStride).fill(UNTOUCHED);
  const numAll = numExperts * numOut;
  for (const [i, first] of [...shards.entries()].reverse()) {
    const end = shards[i + 1] ?? numAll;
    const rowBytes = (raws[0]?.length ?? NaN) / numAll;
    const raw = raws.map((bytes) => bytes.slice(first * rowBytes, end * rowBytes));
    const stacked = Uint8Array.from(raw.flatMap((bytes) => [...bytes]));
    const planes = planesOf(type, stacked, halves * (end - first), width);
    const params = packFields(EXPERT_PARAMS, {
      num_groups: padded / 32,
      group_words: 8,
      first_row: first,
      num_rows: end - first,
      expert_rows: numOut,
      num_halves: halves,
      half_gap: numOut + 3,
      bias_gap: numAll,
      has_bias: one.bias === true ? 1 : 0,
      num_used: numUsed,
      x_shared: one.xShared === true ? 1 : 0,
      x_stride: X_OFFSET + padded,
      x_offset: X_OFFSET,
      out_stride: outStride,
      out_offset: 2,
    });
    const bindings = [planes.quants, planes.scales, packStep({ numPrompt, numGenerated }), params, x, bias, out];
    const numTiles = isPrompt(family) ? maxExpertTiles(numPrompt * numUsed, numExperts, gemmOf(family)) : 0;
    if (isPrompt(family)) {
      const tilePairs = gemmTileRows(gemmOf(family));
      const { tiles, pairs } = tilesOf(ids, numPrompt * numUsed, numExperts, tilePairs, numTiles);
      const grid = expertGemmWorkgroups(numTiles, numOut * halves);
      out = new Float32Array((await runner.run(kernel, [...bindings, tiles, pairs], grid))[6] ?? new ArrayBuffer(0));
    } else {
      const variant: GemvVariant = family;
      const grid = expertGemvWorkgroups(variant, numGenerated * numUsed, activated ? numOut : numOut * halves);
      out = new Float32Array((await runner.run(kernel, [...bindings, ids], grid))[6] ?? new ArrayBuffer(0));
    }
  }
  return out;
}

const outStrideOf = ({ numOut, gated = false }: ExpertCase) => 2 + (gated ? 2 : 1) * (numOut + 3) + 1;

function expectedOf(family: Family, type: BlockType, one: ExpertCase, inputs: Inputs, activation?: Activation) {
  const { numExperts, numUsed, numPrompt, numOut, xShared = false } = one;
  const { width, raws, exact, bias, ids, numRows } = inputs;
  const outStride = outStrideOf(one);
  const all = new Array<Expected>(numRows * numUsed * outStride).fill(exactly(UNTOUCHED));
  const weights = raws.map((raw) => dequantizeRows(type, raw, numExperts * numOut, width));
  ids.forEach((expert, pair) => {
    const row = Math.floor(pair / numUsed);
    if (row < numPrompt !== isPrompt(family)) return;
    const from = (xShared ? row : pair) * width;
    const halves = weights.map((matrix, half) =>
      linearRef(
        exact.subarray(from, from + width),
        matrix.subarray(expert * numOut * width, (expert + 1) * numOut * width),
        1,
        numOut,
      ).map(({ value, norm }, n): Expected => {
        const added = one.bias === true ? (bias[(half * numExperts + expert) * numOut + n] ?? NaN) : 0;
        const tolerance = dotTolerance(width, norm) + addTolerance(value + added, added) + width * FLUSHED;
        return { value: value + added, tolerance };
      }),
    );
    const [gates = [], ups = []] = halves;
    for (let n = 0; n < numOut; n++) {
      const at = pair * outStride + 2 + n;
      const [gate, up] = [gates[n], ups[n]];
      if (gate === undefined) continue;
      if (activation !== undefined && up !== undefined) {
        const value = gatedMulRef(activation, gate.value, up.value);
        all[at] = { value, tolerance: gatedTolerance(activation, gate, up, value) };
      } else {
        all[at] = gate;
        if (up !== undefined) all[at + numOut + 3] = up;
      }
    }
  });
  return all;
}

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  family: Family,
  type: BlockType,
  seed: number,
  one: ExpertCase,
  activation?: Activation,
) {
  const inputs = inputsOf(type, seed, one);
  const out = await compute(runner, kernel, family, type, one, inputs, activation !== undefined);
  return differences(out, expectedOf(family, type, one, inputs, activation));
}

/** Types differ in `dequant32` alone, which the tests of the gather and of the plain product are for: so one of each layout. */
/** Scales of MXFP4 go down to those of subnormals, and a product that is one may become zero: WGSL lets a device flush them. */
const FLUSHED = 2 ** -126;

const TYPES: readonly BlockType[] = [F32, Q4_0, Q4_K, MXFP4];

describeOnAdapters((runner) => {
  const all = FAMILIES.flatMap((family) =>
    TYPES.map((type) => ({ family, type, title: kernelOf(type, family, 4).name })),
  );
  it.for(all)('$title: seeds from 51 on', async ({ family, type }, { skip }) => {
    const kernel = kernelOf(type, family, runner().subgroupMin);
    const missing = runner().missingFeature(kernel);
    skip(missing !== undefined, `the adapter has no ${String(missing)}`);
    for (const [i, one] of CASES.entries()) {
      expect(await check(runner(), kernel, family, type, 51 + i, one), `seed ${String(51 + i)}`).toEqual([]);
    }
  });

  const gated = (['rows', 'lanes', 'subgroups'] as const).flatMap((family) => [
    { family, type: Q4_0, activation: 'silu' as const },
    { family, type: MXFP4, activation: 'swiglu_oai' as const },
  ]);
  it.for(gated)(
    '$activation of gate and up, $family, $type.name: seed 54',
    async ({ family, type, activation }, { skip }) => {
      const kernel = kernelOf(type, family, runner().subgroupMin, activation);
      const missing = runner().missingFeature(kernel);
      skip(missing !== undefined, `the adapter has no ${String(missing)}`);
      const one: ExpertCase = { ...(CASES[1] as ExpertCase), rowElements: 64 };
      expect(await check(runner(), kernel, family, type, 54, one, activation)).toEqual([]);
    },
  );

  it.for(['tiled', 'by eight'] as const)(
    '%s: the bits of a pair do not depend on the tile it is in',
    async (family) => {
      const one: ExpertCase = {
        numExperts: 2,
        numUsed: 1,
        numPrompt: 40,
        numGenerated: 0,
        numOut: 9,
        rowElements: 500,
      };
      const inputs = inputsOf(Q4_0, 57, one);
      const kernel = kernelOf(Q4_0, family);
      const bits = async (ids: Uint32Array<ArrayBuffer>) => {
        const out = await compute(runner(), kernel, family, Q4_0, one, { ...inputs, ids }, false);
        return new Uint32Array(out.buffer);
      };
      // All rows with expert 1, in crowded tiles; then the last row with few others.
      const crowded = await bits(inputs.ids.map(() => 1));
      const apart = await bits(inputs.ids.map((_, row) => (row >= 38 ? 1 : 0)));
      const stride = outStrideOf(one);
      expect(apart.slice(38 * stride)).toEqual(crowded.slice(38 * stride));
      expect(apart.slice(0, stride)).not.toEqual(crowded.slice(0, stride));
    },
  );

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
    const kernel = planted(kernelOf(Q4_0, family), right, wrong);
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      if (found.length === 0) found.push(...(await check(runner(), kernel, family, Q4_0, 51 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
