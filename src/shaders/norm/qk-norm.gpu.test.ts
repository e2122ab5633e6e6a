/** Norms of queries and keys in place, by heads and by rows, and of values, against the oracle; the rest keeps what it holds. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, rmsNormTolerance, type Expected } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom } from '../testing/values.ts';
import { QK_NORM_PARAMS, qkNorm } from './norm.ts';
import { rmsNormRef } from './norm.ref.ts';

interface QkNormCase {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly byRow: boolean;
  /** Values are normed too. */
  readonly values: boolean;
  readonly numRows: number;
  readonly scale: number;
}

const CASES: readonly QkNormCase[] = [
  { numHeads: 5, numKvHeads: 1, headDim: 20, byRow: false, values: false, numRows: 3, scale: 1 },
  { numHeads: 2, numKvHeads: 2, headDim: 256, byRow: false, values: true, numRows: 2, scale: 1e5 },
  { numHeads: 3, numKvHeads: 2, headDim: 12, byRow: true, values: false, numRows: 4, scale: 1e-3 },
];
const EPS = Math.fround(1e-6);

async function check(runner: KernelRunner, kernel: Kernel, seed: number, one: QkNormCase): Promise<readonly string[]> {
  const { numHeads, numKvHeads, headDim, byRow, values, numRows } = one;
  const random = seededRandom(seed);
  const [numQ, numK] = byRow ? [1, 1] : [numHeads, numKvHeads];
  const [q, k] = [(numHeads / numQ) * headDim, (numKvHeads / numK) * headDim];
  const stride = (numHeads + 2 * numKvHeads) * headDim + 8;
  const weight = randomFloats(random, q + k);
  const qkv = randomFloats(random, (numRows + 1) * stride, one.scale); // one row more than are normed
  const params = packFields(QK_NORM_PARAMS, {
    num_q: numQ,
    num_k: numK,
    q_words: q / 4,
    k_words: k / 4,
    row_words: stride / 4,
    eps: { f32: EPS },
  });
  const numParts = numQ + numK + (values ? numK : 0);
  const results = await runner.run(kernel, [params, weight, qkv], [numParts, numRows, 1]);
  const expected: Expected[] = Array.from(qkv, exactly);
  for (let r = 0; r < numRows; r++) {
    for (let part = 0; part < numParts; part++) {
      const isKey = part >= numQ;
      const width = isKey ? k : q;
      const at = r * stride + (isKey ? numQ * q + (part - numQ) * k : part * q);
      const weights = part >= numQ + numK ? new Float32Array(width).fill(1) : weight.subarray(isKey ? q : 0);
      const row = rmsNormRef(qkv.subarray(at, at + width), weights, EPS);
      row.forEach((value, i) => (expected[at + i] = { value, tolerance: rmsNormTolerance(width, value) }));
    }
  }
  return differences(new Float32Array(results[2] ?? new ArrayBuffer(0)), expected);
}

describeOnAdapters((runner) => {
  it.for(CASES.map((one, i) => ({ one, seed: 55 + i })))(
    'qk_norm_f32: $one.numHeads heads of $one.headDim, by rows $one.byRow, seed $seed',
    async ({ one, seed }) => {
      expect(await check(runner(), qkNorm, seed, one)).toEqual([]);
    },
  );

  it.for<readonly [string, string]>([
    ['select(0u, params.q_words, is_key)', '0u'],
    ['wid.x >= params.num_q', 'wid.x > params.num_q'],
    ['wid.x >= first_value', 'wid.x > first_value'],
    ['f32(words * 4u)', 'f32(params.q_words * 4u)'],
    [' + params.eps', ''],
    ['wid.y * params.row_words', 'wid.y * (params.row_words - 2u)'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    const found: string[] = [];
    for (const [i, one] of CASES.entries()) {
      found.push(...(await check(runner(), planted(qkNorm, right, wrong), 55 + i, one)));
    }
    expect(found).not.toEqual([]);
  });
});
