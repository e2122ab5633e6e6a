/** The check of what makes a row of each text of an encoder: texts of one row and of several, all three ways. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import { POOL_PARAMS, POOLINGS, type Pooling } from '../pool/pool.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { EPS32, exactly, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const LENGTHS = [3, 1, 70];
const WIDTH = 288;

export function poolCheck(kernel: Kernel): KernelCheck {
  return plainCheck(kernel, POOLINGS.map(runOf));
}

function runOf(pooling: Pooling): PlainRun {
  const firsts = LENGTHS.map((_, i) => LENGTHS.slice(0, i).reduce((sum, n) => sum + n, 0));
  const numRows = LENGTHS.reduce((sum, n) => sum + n, 0);
  const x = randomFloats(seededRandom(61), numRows * WIDTH, 10);
  const rows = LENGTHS.flatMap((length, s) => Array.from({ length }, (_, position) => [0, position, 0, s]));
  const lasts = LENGTHS.map((length, i) => (firsts[i] ?? NaN) + length - 1);
  const out = new Float32Array((LENGTHS.length + 1) * WIDTH).fill(UNTOUCHED);
  // As many rows want something of them as there are texts.
  const step = packStepRows(numRows, 0).with(2, LENGTHS.length);
  const params = packParams(POOL_PARAMS, { num_words: WIDTH / 4, kind: POOLINGS.indexOf(pooling) }, []);
  const at = (row: number, column: number) => x[row * WIDTH + column] ?? NaN;
  const expectedOf = (text: number, column: number): Expected => {
    const [first, last, length] = [firsts[text] ?? NaN, lasts[text] ?? NaN, LENGTHS[text] ?? NaN];
    if (pooling !== 'mean') return exactly(at(pooling === 'first' ? first : last, column));
    const values = Array.from({ length }, (_, i) => at(first + i, column));
    const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
    // Half an ulp of a partial sum, which is never more than the sum of magnitudes, each time; and the division.
    return { value: values.reduce((a, b) => a + b) / length, tolerance: (EPS32 * (length / 2 + 3) * size) / length };
  };
  const expected = Array.from(out, (before, i) => {
    const text = Math.floor(i / WIDTH);
    return text < LENGTHS.length ? expectedOf(text, i % WIDTH) : exactly(before);
  });
  return {
    bindings: [step, params, x, Uint32Array.from(rows.flat()), Uint32Array.from([...lasts, 0]), out],
    workgroups: [Math.ceil(WIDTH / 4 / 64), LENGTHS.length + 1, 1],
    outputs: [{ binding: 5, expected }],
  };
}
