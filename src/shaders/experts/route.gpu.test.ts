/**
 * Routing against its oracle: choices exactly (ties too), weights within rounding; the grouping of prompt rows by expert,
 * exactly; and the weighted sum. Planted mistakes are found.
 */
import { describe, expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED, wholeBelow } from '../testing/values.ts';
import { addTolerance, differences, dotTolerance, EPS32, exactly, type Expected } from '../vectors/tolerance.ts';
import {
  EXPERT_SUM_PARAMS,
  EXPERT_TILES_PARAMS,
  expertSum,
  expertTiles,
  maxExpertTiles,
  route,
  ROUTE_PARAMS,
} from './experts.ts';
import { routeRef, sigmoid, type RouteSpec } from './experts.ref.ts';

interface RouteCase extends Partial<RouteSpec> {
  readonly numExperts: number;
  readonly numUsed: number;
  readonly bias?: boolean;
  readonly sharedGate?: boolean;
  readonly factors?: boolean;
  /** Logits of a few values, so that many are equal. */
  readonly ties?: boolean;
  readonly logitScale?: number;
}

const ROUTE_CASES: readonly RouteCase[] = [
  { numExperts: 4, numUsed: 2, normalised: true },
  { numExperts: 60, numUsed: 4, sharedGate: true },
  { numExperts: 128, numUsed: 8, normalised: true, ties: true },
  { numExperts: 128, numUsed: 8, normalised: true, factors: true },
  { numExperts: 67, numUsed: 6, sigmoid: true, normalised: true, bias: true, scale: 2.5 },
  {
    numExperts: 256,
    numUsed: 8,
    sigmoid: true,
    normalised: true,
    bias: true,
    numGroups: 8,
    numGroupsUsed: 4,
    scale: 2.5,
  },
  { numExperts: 512, numUsed: 10, normalised: true, logitScale: 30, sharedGate: true },
  { numExperts: 8, numUsed: 8, bias: true, ties: true },
  // A sum that is smaller than what divides at least.
  { numExperts: 16, numUsed: 2, sigmoid: true, normalised: true, logitScale: 40, bias: true },
];

const NUM_ROWS = 5;

/** Ids as they are, then the weights. */
async function checkRoute(runner: KernelRunner, kernel: Kernel, seed: number, one: RouteCase) {
  const { numExperts, numUsed, bias = false, sharedGate = false, ties = false, logitScale = 3 } = one;
  const hasFactors = one.factors === true;
  const spec = { sigmoid: false, normalised: false, numGroups: 1, numGroupsUsed: 1, scale: 1, ...one };
  const random = seededRandom(seed);
  const stride = numExperts + 3;
  const logits = randomFloats(random, NUM_ROWS * stride, logitScale).map((v) => (ties ? Math.round(v) : v));
  const biases = randomFloats(random, numExperts, 0.5).map((v) => (ties ? Math.round(v * 2) : v));
  const factors = randomFloats(random, numExperts, 2);
  if (spec.sigmoid && logitScale > 30) logits.fill(-40, 0, stride);
  const params = packFields(ROUTE_PARAMS, {
    num_experts: numExperts,
    num_used: numUsed,
    logits_stride: stride,
    sigmoid: spec.sigmoid ? 1 : 0,
    normalised: spec.normalised ? 1 : 0,
    has_bias: bias ? 1 : 0,
    num_groups: spec.numGroups,
    num_groups_used: spec.numGroupsUsed,
    shared_gate: sharedGate ? 1 : 0,
    has_factors: hasFactors ? 1 : 0,
    scale: { f32: spec.scale },
  });
  const ids = new Uint32Array((NUM_ROWS + 1) * numUsed).fill(9999);
  const weights = new Float32Array((NUM_ROWS + 1) * (numUsed + 1)).fill(UNTOUCHED);
  const step = packStep({ numPrompt: 2, numGenerated: NUM_ROWS - 2 });
  const results = await runner.run(kernel, [step, params, logits, biases, ids, weights, factors], [NUM_ROWS, 1, 1]);
  const routed = Array.from({ length: NUM_ROWS }, (_, row) => {
    const ofRow = logits.subarray(row * stride, row * stride + numExperts);
    const rounded = { ...spec, scale: Math.fround(spec.scale) };
    return routeRef(ofRow, bias ? biases : undefined, rounded, hasFactors ? factors : undefined);
  });
  // exp's and the quotient's errors, twice; sums of all scores and of the chosen; products.
  const relative = EPS32 * (2 * (3 + 2 * Math.min(80, logitScale * 2)) + Math.sqrt(numExperts) + numUsed + 10);
  const expectedWeights = routed.flatMap(({ weights: ofRow }, row): readonly Expected[] => [
    ...ofRow.map((value) => ({ value, tolerance: relative * Math.abs(value) + 1e-30 })),
    sharedGate ? { value: sigmoid(logits[row * stride + numExperts] ?? NaN), tolerance: relative } : exactly(1),
  ]);
  const untouched = new Array<Expected>(numUsed + 1).fill(exactly(UNTOUCHED));
  return [
    ...differences(new Uint32Array(results[4] ?? new ArrayBuffer(0)), [
      ...routed.flatMap((row) => row.ids.map(exactly)),
      ...new Array<Expected>(numUsed).fill(exactly(9999)),
    ]),
    ...differences(new Float32Array(results[5] ?? new ArrayBuffer(0)), [...expectedWeights, ...untouched]),
  ];
}

/** Tiles hold every pair of prompt rows once, by expert, in the order of rows; the rest of the tiles is empty. */
async function checkTiles(
  runner: KernelRunner,
  kernel: Kernel,
  seed: number,
  { numPrompt, numExperts, numUsed, all }: { numPrompt: number; numExperts: number; numUsed: number; all?: number },
) {
  const random = seededRandom(seed);
  const numPairs = numPrompt * numUsed;
  const ids = Uint32Array.from({ length: numPairs + 7 }, () => all ?? wholeBelow(random, numExperts));
  const most = maxExpertTiles(numPairs, numExperts, 'rows');
  const params = packFields(EXPERT_TILES_PARAMS, { num_experts: numExperts, num_used: numUsed, tile_pairs: 8 });
  const before = [new Uint32Array(numPairs + 2).fill(7777), new Uint32Array((most + 1) * 3).fill(7777)] as const;
  const step = packStep({ numPrompt, numGenerated: 7 });
  const results = await runner.run(kernel, [step, params, ids, ...before], [1, 1, 1]);
  const pairs: number[] = [];
  const tiles: number[] = [];
  for (let expert = 0; expert < numExperts; expert++) {
    const own = Array.from({ length: numPairs }, (_, pair) => pair).filter((pair) => ids[pair] === expert);
    for (let i = 0; i < own.length; i += 8) tiles.push(expert, pairs.length + i, Math.min(8, own.length - i));
    pairs.push(...own);
  }
  const expectedTiles = [...tiles, ...new Array<number>(most * 3 - tiles.length).fill(0), 7777, 7777, 7777];
  return [
    ...differences(new Uint32Array(results[3] ?? new ArrayBuffer(0)), [...pairs, 7777, 7777].map(exactly)),
    ...differences(new Uint32Array(results[4] ?? new ArrayBuffer(0)), expectedTiles.map(exactly)),
  ];
}

const TILE_CASES = [
  { numPrompt: 1, numExperts: 4, numUsed: 2 },
  { numPrompt: 37, numExperts: 60, numUsed: 4 },
  { numPrompt: 29, numExperts: 300, numUsed: 3 }, // more than a workgroup has lanes
  { numPrompt: 41, numExperts: 8, numUsed: 2, all: 5 }, // one expert has every row, the others none
] as const;

async function checkSum(runner: KernelRunner, kernel: Kernel, seed: number, shared: boolean, add: boolean) {
  const random = seededRandom(seed);
  const [width, numRows, numUsed] = [76, 3, 4];
  const y = randomFloats(random, (numRows + 1) * numUsed * width);
  const weights = randomFloats(random, (numRows + 1) * (numUsed + 1));
  const sharedY = randomFloats(random, (numRows + 1) * width);
  const out = randomFloats(random, (numRows + 1) * width);
  const params = packFields(EXPERT_SUM_PARAMS, {
    num_words: width / 4,
    num_used: numUsed,
    has_shared: shared ? 1 : 0,
    add_to_out: add ? 1 : 0,
  });
  const step = packStep({ numPrompt: 1, numGenerated: 2 });
  const results = await runner.run(kernel, [step, params, y, weights, sharedY, out], [1, numRows + 1, 1]);
  return differences(
    new Float32Array(results[5] ?? new ArrayBuffer(0)),
    Array.from(out, (before, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      if (row >= numRows) return exactly(before);
      const terms = Array.from(
        { length: numUsed },
        (_, slot) => (weights[row * (numUsed + 1) + slot] ?? NaN) * (y[(row * numUsed + slot) * width + column] ?? NaN),
      );
      if (shared) terms.push((weights[row * (numUsed + 1) + numUsed] ?? NaN) * (sharedY[i] ?? NaN));
      const added = add ? before : 0;
      const value = terms.reduce((sum, term) => sum + term, added);
      const norm = Math.sqrt(terms.reduce((sum, term) => sum + term * term, 0));
      return { value, tolerance: dotTolerance(numUsed + 1, norm) + addTolerance(value, added) };
    }),
  );
}

describeOnAdapters((runner) => {
  it.for(ROUTE_CASES.map((one, i) => ({ ...one, i })))(
    'routes $numUsed of $numExperts experts, case $i',
    async ({ i, ...one }) => {
      expect(await checkRoute(runner(), route, 91 + i, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['rival == key && other < e', 'rival == key && other > e'],
    ['rival == key && other < e', 'false'],
    ['rival > score ||', 'rival >= score ||'],
    ['first + second', 'first'],
    ['before < params.num_groups_used', 'before <= params.num_groups_used'],
    ['max(sum, 6.103515625e-5)', 'sum'],
    ['scores[e] / total + bias[e]', 'keys[e] + bias[e]'],
    ['chosen[slot] = scores[e] / total', 'chosen[slot] = keys[e]'],
    [' * params.scale *', ' *'],
    ['factors[e], params', 'factors[e + 1u], params'],
    ['params.has_factors == 1u', 'true'],
    ['params.has_factors == 1u', 'false'],
    ['params.shared_gate == 1u);', 'false);'],
    ['params.normalised == 1u', 'true'],
    ['select(exp(keys[e] - top), sigmoid(keys[e]), params.sigmoid == 1u)', 'exp(keys[e] - top)'],
  ])('finds a mistake planted in route: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(route, right, wrong);
    const found: string[] = [];
    for (const [i, one] of ROUTE_CASES.entries()) {
      if (found.length === 0) found.push(...(await checkRoute(runner(), kernel, 91 + i, one)));
    }
    expect(found).not.toEqual([]);
  });

  it.for(TILE_CASES.map((one, i) => ({ one, i })))(
    'groups the rows of prompts by expert, case $i',
    async ({ one, i }) => {
      expect(await checkTiles(runner(), expertTiles, 61 + i, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['before < e', 'before <= e'],
    ['done += params.tile_pairs', 'done += params.tile_pairs + 1u'],
    ['e += 256u', 'e += 512u'],
    ['step.num_prompt * params.num_used', '(step.num_prompt + step.num_generated) * params.num_used'],
    ['tiles[tile] = Tile(0u, 0u, 0u)', ''],
  ])('finds a mistake planted in expert_tiles: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(expertTiles, right, wrong);
    const found: string[] = [];
    for (const [i, one] of TILE_CASES.entries()) {
      if (found.length === 0) found.push(...(await checkTiles(runner(), kernel, 61 + i, one)));
    }
    expect(found).not.toEqual([]);
  });

  describe('the weighted sum', () => {
    it.for([
      [false, true],
      [true, false],
      [true, true],
    ] as const)('shared expert: %s, added: %s', async ([shared, add]) => {
      expect(await checkSum(runner(), expertSum, 71, shared, add)).toEqual([]);
    });

    it.for<readonly [string, string]>([
      ['params.has_shared == 1u', 'false'],
      ['params.add_to_out == 1u', 'false'],
      ['weights[w + slot]', 'weights[w]'],
      ['row < step.num_prompt + step.num_generated', 'true'],
    ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
      expect(await checkSum(runner(), planted(expertSum, right, wrong), 71, true, true)).not.toEqual([]);
    });
  });
});
