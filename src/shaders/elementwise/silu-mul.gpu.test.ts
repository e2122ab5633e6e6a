/** silu(gate) * up against the oracle, over many magnitudes and where exp overflows. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, siluTolerance } from '../testing/tolerance.ts';
import { planted, randomFloats, seededRandom, signed, UNTOUCHED } from '../testing/values.ts';
import { SILU_PARAMS, siluMul } from './silu-mul.ts';
import { siluMulRef } from './silu-mul.ref.ts';

const SPECIAL_GATES = [0, 1e5, -1e5, 88, -88, -90, -104, 1e-30, -1e-30];

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  seed: number,
  width: number,
  numRows: number,
  withGenerated: boolean,
) {
  const numPrompt = Math.ceil(numRows / 2);
  const numComputed = withGenerated ? numRows : numPrompt;
  const random = seededRandom(seed);
  const gateUp = randomFloats(random, numRows * 2 * width);
  for (let r = 0; r < numRows; r++) {
    for (let i = 0; i < width; i++) {
      const at = r * 2 * width + i;
      gateUp[at] = SPECIAL_GATES[r * width + i] ?? signed(random) * 10 ** (3 * random() - 1);
    }
  }
  const out = new Float32Array((numRows + 1) * width).fill(UNTOUCHED);
  const step = packStep({ numPrompt, numGenerated: numRows - numPrompt });
  const params = packFields(SILU_PARAMS, { num_words: width / 4, with_generated: withGenerated ? 1 : 0 });
  const results = await runner.run(kernel, [step, params, gateUp, out], [Math.ceil((numRows * width) / 4 / 64), 1, 1]);
  return differences(
    new Float32Array(results[3] ?? new ArrayBuffer(0)),
    Array.from(out, (before, i) => {
      const [r, column] = [Math.floor(i / width), i % width];
      if (r >= numComputed) return exactly(before);
      const gate = gateUp[r * 2 * width + column] ?? NaN;
      const up = gateUp[(r * 2 + 1) * width + column] ?? NaN;
      const value = siluMulRef(gate, up);
      return { value, tolerance: siluTolerance(gate, up, value) };
    }),
  );
}

const SHAPES = [
  [32, 1],
  [96, 5],
  [1376, 3],
] as const;

describeOnAdapters((runner) => {
  it.for(SHAPES)('silu_mul_f32: width %i, %i rows, seed 61', async ([width, numRows]) => {
    expect(await check(runner(), siluMul, 61, width, numRows, true)).toEqual([]);
  });

  it.for(SHAPES)('prompt rows alone: width %i, half of %i rows, seed 62', async ([width, numRows]) => {
    expect(await check(runner(), siluMul, 62, width, numRows, false)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['vec4<f32>(80.0)', 'vec4<f32>(8.0)'],
    ['(r * 2u + 1u)', '(r * 2u)'],
    ['params.with_generated == 1u', 'false'],
    ['params.with_generated == 1u', 'true'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(siluMul, right, wrong);
    const found = [
      ...(await check(runner(), kernel, 61, 96, 5, true)),
      ...(await check(runner(), kernel, 62, 96, 5, false)),
    ];
    expect(found).not.toEqual([]);
  });
});
