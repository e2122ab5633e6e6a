/**
 * The checks of routing: which experts a row takes, ties too, and with what weights; the grouping of prompt rows by expert; and the
 * weighted sum. Keys that are compared lie so far apart, or are the same, that no device may order them otherwise. Runs nothing.
 */
import { routeRef, sigmoid, type Routed, type RouteSpec } from '../experts/experts.ref.ts';
import { EXPERT_SUM_PARAMS, EXPERT_TILES_PARAMS, maxExpertTiles, ROUTE_PARAMS } from '../experts/experts.ts';
import type { Kernel } from '../kernel.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { asU32, plainCheck, type PlainRun } from './plain-check.ts';
import { addTolerance, dotTolerance, EPS32, exactly, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED, wholeBelow } from './values.ts';

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
const FIRST_SEED = 91;
const NUM_ROWS = 5;
const NO_ID = 9999;

/** What a case comes to, row by row; `ulps`: how far a weight may be off, relative. */
export interface RouteVectors {
  readonly run: PlainRun;
  readonly routed: readonly Routed[];
  readonly ulps: number;
}

export function routeVectors(): readonly RouteVectors[] {
  return ROUTE_CASES.map((one, i) => vectorsOf(FIRST_SEED + i, one));
}

export function routeCheck(kernel: Kernel): KernelCheck {
  return plainCheck(
    kernel,
    routeVectors().map(({ run }) => run),
  );
}

function vectorsOf(seed: number, one: RouteCase): RouteVectors {
  const { numExperts, numUsed, bias = false, sharedGate = false, factors: hasFactors = false, logitScale = 3 } = one;
  const { ties = false } = one;
  const spec = {
    sigmoid: false,
    normalised: false,
    numGroups: 1,
    numGroupsUsed: 1,
    ...one,
    scale: Math.fround(one.scale ?? 1),
  };
  const random = seededRandom(seed);
  const stride = numExperts + 3;
  const logits = randomFloats(random, NUM_ROWS * stride, logitScale).map((v) => (ties ? Math.round(v) : v));
  const biases = randomFloats(random, numExperts, 0.5).map((v) => (ties ? Math.round(v * 2) : v));
  const factors = randomFloats(random, numExperts, 2);
  if (spec.sigmoid && logitScale > 30) logits.fill(-40, 0, stride);
  const params = packParams(
    ROUTE_PARAMS,
    {
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
      scale: spec.scale,
    },
    ['scale'],
  );
  const ids = new Uint32Array((NUM_ROWS + 1) * numUsed).fill(NO_ID);
  const weights = new Float32Array((NUM_ROWS + 1) * (numUsed + 1)).fill(UNTOUCHED);
  const routed = Array.from({ length: NUM_ROWS }, (_, row) => {
    const ofRow = logits.subarray(row * stride, row * stride + numExperts);
    return routeRef(ofRow, bias ? biases : undefined, spec, hasFactors ? factors : undefined);
  });
  // exp's error of what is 80 at most, and the quotient's, twice; sums of all scores and of the chosen; products.
  const ulps = 2 * (3 + 2 * Math.min(80, logitScale * 6)) + Math.sqrt(numExperts) + numUsed + 10;
  const expectedWeights = routed.flatMap(({ weights: ofRow }, row): readonly Expected[] => [
    ...ofRow.map((value) => ({ value, tolerance: EPS32 * ulps * Math.abs(value) + 1e-30 })),
    sharedGate ? { value: sigmoid(logits[row * stride + numExperts] ?? NaN), tolerance: EPS32 * ulps } : exactly(1),
  ]);
  const idsBehind = new Array<Expected>(numUsed).fill(exactly(NO_ID));
  const weightsBehind = new Array<Expected>(numUsed + 1).fill(exactly(UNTOUCHED));
  const run: PlainRun = {
    bindings: [packStepRows(2, NUM_ROWS - 2), params, logits, biases, ids, weights, factors],
    workgroups: [NUM_ROWS, 1, 1],
    outputs: [
      { binding: 4, expected: [...routed.flatMap((row) => row.ids.map(exactly)), ...idsBehind], read: asU32 },
      { binding: 5, expected: [...expectedWeights, ...weightsBehind] },
    ],
  };
  return { run, routed, ulps };
}

interface TilesCase {
  readonly numPrompt: number;
  readonly numExperts: number;
  readonly numUsed: number;
  /** All rows have this expert. */
  readonly all?: number;
}

const TILE_PAIRS = 8;
const TILES_CASES: readonly TilesCase[] = [
  { numPrompt: 1, numExperts: 4, numUsed: 2 },
  { numPrompt: 37, numExperts: 60, numUsed: 4 },
  { numPrompt: 29, numExperts: 300, numUsed: 3 }, // more than a workgroup has lanes
  { numPrompt: 41, numExperts: 8, numUsed: 2, all: 5 },
];

export interface ExpertTiles {
  /** Words of as many tiles as there can be: expert, first pair, number of pairs. */
  readonly tiles: Uint32Array<ArrayBuffer>;
  readonly pairs: Uint32Array<ArrayBuffer>;
}

/** The tiles of prompt rows: every pair once, by expert, in the order of rows; the last tiles are empty. */
export function expertTilesOf(ids: Uint32Array, numPairs: number, numExperts: number, tilePairs: number): ExpertTiles {
  const pairs: number[] = [];
  const tiles: number[] = [];
  for (let expert = 0; expert < numExperts; expert++) {
    const own = Array.from({ length: numPairs }, (_, pair) => pair).filter((pair) => ids[pair] === expert);
    for (let i = 0; i < own.length; i += tilePairs) {
      tiles.push(expert, pairs.length + i, Math.min(tilePairs, own.length - i));
    }
    pairs.push(...own);
  }
  const numTiles = maxExpertTiles(numPairs, numExperts, tilePairs === TILE_PAIRS ? 'rows' : 'tiled');
  const words = new Uint32Array(numTiles * 3);
  words.set(tiles);
  return { tiles: words, pairs: Uint32Array.from(pairs) };
}

/** The rest of the tiles is empty, and what lies behind pairs and tiles stays as it was. */
export function tilesCheck(kernel: Kernel): KernelCheck {
  const runs = TILES_CASES.map(({ numPrompt, numExperts, numUsed, all }, i): PlainRun => {
    const random = seededRandom(61 + i);
    const numPairs = numPrompt * numUsed;
    const ids = Uint32Array.from({ length: numPairs + 7 }, () => all ?? wholeBelow(random, numExperts));
    const { tiles, pairs } = expertTilesOf(ids, numPairs, numExperts, TILE_PAIRS);
    const behind = (words: Uint32Array, count: number) =>
      [...words, ...new Array<number>(count).fill(NO_ID)].map(exactly);
    const params = packParams(
      EXPERT_TILES_PARAMS,
      { num_experts: numExperts, num_used: numUsed, tile_pairs: TILE_PAIRS },
      [],
    );
    return {
      bindings: [
        packStepRows(numPrompt, 7),
        params,
        ids,
        new Uint32Array(pairs.length + 2).fill(NO_ID),
        new Uint32Array(tiles.length + 3).fill(NO_ID),
      ],
      workgroups: [1, 1, 1],
      outputs: [
        { binding: 3, expected: behind(pairs, 2), read: asU32 },
        { binding: 4, expected: behind(tiles, 3), read: asU32 },
      ],
    };
  });
  return plainCheck(kernel, runs);
}

export function expertSumCheck(kernel: Kernel): KernelCheck {
  const [width, numRows, numUsed] = [268, 3, 4];
  const random = seededRandom(71);
  const y = randomFloats(random, (numRows + 1) * numUsed * width);
  const weights = randomFloats(random, (numRows + 1) * (numUsed + 1));
  const sharedY = randomFloats(random, (numRows + 1) * width);
  const out = randomFloats(random, (numRows + 1) * width);
  const weightOf = (row: number, slot: number) => weights[row * (numUsed + 1) + slot] ?? NaN;
  const run = (shared: boolean, adds: boolean): PlainRun => {
    const params = packParams(
      EXPERT_SUM_PARAMS,
      { num_words: width / 4, num_used: numUsed, has_shared: shared ? 1 : 0, add_to_out: adds ? 1 : 0 },
      [],
    );
    const expected = Array.from(out, (before, i): Expected => {
      const [row, column] = [Math.floor(i / width), i % width];
      if (row >= numRows) return exactly(before);
      const terms = Array.from(
        { length: numUsed },
        (_, slot) => weightOf(row, slot) * (y[(row * numUsed + slot) * width + column] ?? NaN),
      );
      if (shared) terms.push(weightOf(row, numUsed) * (sharedY[i] ?? NaN));
      const added = adds ? before : 0;
      const value = terms.reduce((sum, term) => sum + term, added);
      return { value, tolerance: dotTolerance(numUsed + 1, Math.hypot(...terms)) + addTolerance(value, added) };
    });
    return {
      bindings: [packStepRows(1, numRows - 1), params, y, weights, sharedY, out],
      workgroups: [Math.ceil(width / 4 / 64), numRows + 1, 1],
      outputs: [{ binding: 5, expected }],
    };
  };
  return plainCheck(kernel, [run(false, true), run(true, false), run(true, true)]);
}
