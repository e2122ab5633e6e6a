/** Pooling against the oracle: texts of one row and of several, and what lies behind them untouched. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED } from '../testing/values.ts';
import { differences, EPS32, exactly, type Expected } from '../vectors/tolerance.ts';
import { POOL_PARAMS, POOLINGS, poolRows, type Pooling } from './pool.ts';

const LENGTHS = [3, 1, 70];
const WIDTH = 288;

async function check(runner: KernelRunner, kernel: Kernel, seed: number, pooling: Pooling): Promise<readonly string[]> {
  const firsts = LENGTHS.map((_, i) => LENGTHS.slice(0, i).reduce((sum, n) => sum + n, 0));
  const numRows = LENGTHS.reduce((sum, n) => sum + n, 0);
  const x = randomFloats(seededRandom(seed), numRows * WIDTH, 10);
  const rows = LENGTHS.flatMap((length, s) => Array.from({ length }, (_, position) => [0, position, 0, s]));
  const lasts = LENGTHS.map((length, i) => (firsts[i] ?? NaN) + length - 1);
  const out = new Float32Array((LENGTHS.length + 1) * WIDTH).fill(UNTOUCHED);
  const step = packStep({ numPrompt: numRows, numPromptLogits: LENGTHS.length });
  const params = packFields(POOL_PARAMS, { num_words: WIDTH / 4, kind: POOLINGS.indexOf(pooling) });
  const bindings = [step, params, x, Uint32Array.from(rows.flat()), Uint32Array.from([...lasts, 0]), out];
  const results = await runner.run(kernel, bindings, [Math.ceil(WIDTH / 4 / 64), LENGTHS.length + 1, 1]);
  const at = (row: number, column: number) => x[row * WIDTH + column] ?? NaN;
  const expectedOf = (text: number, column: number): Expected => {
    const [first, last, length] = [firsts[text] ?? NaN, lasts[text] ?? NaN, LENGTHS[text] ?? NaN];
    if (pooling !== 'mean') return exactly(at(pooling === 'first' ? first : last, column));
    const values = Array.from({ length }, (_, i) => at(first + i, column));
    const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
    // Half an ulp of a partial sum, which is never more than the sum of magnitudes, each time; and the division.
    return { value: values.reduce((a, b) => a + b) / length, tolerance: (EPS32 * (length / 2 + 3) * size) / length };
  };
  return differences(
    new Float32Array(results[5] ?? new ArrayBuffer(0)),
    Array.from(out, (_, i) => {
      const text = Math.floor(i / WIDTH);
      return text < LENGTHS.length ? expectedOf(text, i % WIDTH) : exactly(UNTOUCHED);
    }),
  );
}

describeOnAdapters((runner) => {
  it.for(POOLINGS.map((pooling, i) => ({ pooling, seed: 61 + i })))(
    '$pooling, seed $seed',
    async ({ pooling, seed }) => {
      expect(await check(runner(), poolRows, seed, pooling)).toEqual([]);
    },
  );

  it.for<readonly [Pooling, string, string]>([
    ['mean', 'first + 1u; r', 'first; r'],
    ['mean', 'r <= last', 'r < last'],
    ['mean', 'f32(last - first + 1u)', 'f32(last - first + 2u)'],
    ['first', 'last - rows[last].position', 'last'],
    ['last', 'params.kind == 2u', 'params.kind == 3u'],
  ])('finds a mistake planted in %s: %s -> %s', async ([pooling, right, wrong]) => {
    expect(await check(runner(), planted(poolRows, right, wrong), 61, pooling)).not.toEqual([]);
  });
});
