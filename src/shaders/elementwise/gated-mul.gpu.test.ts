/** activation(gate) * up against the oracle, over many magnitudes and where exp overflows. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, activationTolerance } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, signed, UNTOUCHED } from '../testing/values.ts';
import { ACTIVATIONS, type Activation } from './activation.ts';
import { activate, ACTIVATE_PARAMS, GATED_MUL_PARAMS, gatedMul } from './gated-mul.ts';
import { gatedMulRef } from './gated-mul.ref.ts';

const SPECIAL_GATES = [0, 1e5, -1e5, 88, -88, -90, -104, 1e-30, -1e-30];

async function check(
  runner: KernelRunner,
  kernel: Kernel,
  activation: Activation,
  seed: number,
  width: number,
  numRows: number,
  withGenerated: boolean,
  rowsEach = 1,
) {
  const numPrompt = Math.ceil(numRows / 2 / rowsEach);
  const numGenerated = Math.floor(numRows / rowsEach) - numPrompt;
  const numComputed = (numPrompt + (withGenerated ? numGenerated : 0)) * rowsEach;
  const random = seededRandom(seed);
  const gateUp = randomFloats(random, numRows * 2 * width);
  for (let r = 0; r < numRows; r++) {
    for (let i = 0; i < width; i++) {
      const at = r * 2 * width + i;
      gateUp[at] = SPECIAL_GATES[r * width + i] ?? signed(random) * 10 ** (3 * random() - 1);
    }
  }
  const out = new Float32Array((numRows + 1) * width).fill(UNTOUCHED);
  const step = packStep({ numPrompt, numGenerated });
  const params = packFields(GATED_MUL_PARAMS, {
    num_words: width / 4,
    with_generated: withGenerated ? 1 : 0,
    rows_each: rowsEach,
  });
  const results = await runner.run(kernel, [step, params, gateUp, out], [Math.ceil(width / 4 / 64), numRows, 1]);
  return differences(
    new Float32Array(results[3] ?? new ArrayBuffer(0)),
    Array.from(out, (before, i) => {
      const [r, column] = [Math.floor(i / width), i % width];
      if (r >= numComputed) return exactly(before);
      const gate = gateUp[r * 2 * width + column] ?? NaN;
      const up = gateUp[(r * 2 + 1) * width + column] ?? NaN;
      const value = gatedMulRef(activation, gate, up);
      return { value, tolerance: activationTolerance(activation, gate, up, value) };
    }),
  );
}

/** Rows that are no row of the step stay as they are. */
async function checkActivate(runner: KernelRunner, kernel: Kernel, activation: Activation, seed: number) {
  const [width, numRows] = [320, 4];
  const random = seededRandom(seed);
  const x = Float32Array.from(
    { length: width * numRows },
    (_, i) => SPECIAL_GATES[i] ?? signed(random) * 10 ** (3 * random() - 1),
  );
  const step = packStep({ numPrompt: 2, numGenerated: 1 });
  const params = packFields(ACTIVATE_PARAMS, { num_words: width / 4 });
  const results = await runner.run(kernel, [step, params, x], [Math.ceil(width / 4 / 64), numRows, 1]);
  return differences(
    new Float32Array(results[2] ?? new ArrayBuffer(0)),
    Array.from(x, (before, i) => {
      if (i >= 3 * width) return exactly(before);
      const value = gatedMulRef(activation, before, 1);
      return { value, tolerance: activationTolerance(activation, before, 1, value) };
    }),
  );
}

const SHAPES = [
  [32, 1],
  [96, 5],
  [1376, 3],
] as const;

describeOnAdapters((runner) => {
  const all = ACTIVATIONS.flatMap((activation) => SHAPES.map(([width, numRows]) => ({ activation, width, numRows })));
  it.for(all)('$activation: width $width, $numRows rows, seed 61', async ({ activation, width, numRows }) => {
    expect(await check(runner(), gatedMul(activation), activation, 61, width, numRows, true)).toEqual([]);
  });

  it.for(all)('$activation, prompt rows alone: width $width, half of $numRows rows, seed 62', async (one) => {
    const { activation, width, numRows } = one;
    expect(await check(runner(), gatedMul(activation), activation, 62, width, numRows, false)).toEqual([]);
  });

  it('rows of experts: two for a row of the step, and one row that is none of them', async () => {
    expect(await check(runner(), gatedMul('silu'), 'silu', 64, 96, 7, true, 2)).toEqual([]);
    expect(await check(runner(), gatedMul('silu'), 'silu', 64, 96, 7, false, 2)).toEqual([]);
  });

  it.for<readonly [Activation, string, string]>([
    ['silu', 'i < params.num_words &&', ''],
    ['silu', ' * params.rows_each', ''],
    ['silu', 'vec4<f32>(80.0)', 'vec4<f32>(8.0)'],
    ['silu', '(r * 2u + 1u)', '(r * 2u)'],
    ['silu', 'params.with_generated == 1u', 'false'],
    ['silu', 'params.with_generated == 1u', 'true'],
    ['gelu', '0.044715 * x, x', '0.044725 * x, x'],
    ['gelu', 'vec4<f32>(20.0)', 'vec4<f32>(2.0)'],
    ['gelu', '1.5957691216057308', '1.5958'],
    ['relu2', 'max(gate, vec4<f32>(0.0))', 'gate'],
    ['relu2', 'x * x * up', 'x * up'],
  ])('finds a mistake planted in %s: %s -> %s', async ([activation, right, wrong]) => {
    const kernel = planted(gatedMul(activation), right, wrong);
    const found = [
      ...(await check(runner(), kernel, activation, 61, 96, 5, true)),
      ...(await check(runner(), kernel, activation, 62, 96, 5, false)),
      ...(await check(runner(), kernel, activation, 64, 96, 7, true, 2)),
    ];
    expect(found).not.toEqual([]);
  });

  it.for(ACTIVATIONS)('%s without a gate, in place: seed 63', async (activation) => {
    expect(await checkActivate(runner(), activate(activation), activation, 63)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['step.num_prompt + step.num_generated', 'step.num_prompt'],
    ['gid.y * params.num_words', '0u'],
    ['gid.x < params.num_words', 'true'],
  ])('finds a mistake planted there: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(activate('gelu'), right, wrong);
    expect(await checkActivate(runner(), kernel, 'gelu', 63)).not.toEqual([]);
  });
});
