/**
 * Rows to signed bytes, alone, with the norm and with the gate, against the oracle: many magnitudes, values far beyond f16,
 * rows of zeros, padding, and rows that want logits. Planted mistakes are found.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import { paddedRowElements } from '../blocks/block-type.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import type { Kernel } from '../kernel.ts';
import { rmsNormRef } from '../norm/norm.ref.ts';
import { int8Differences } from '../testing/int8.cases.ts';
import { planted, randomFloats, seededRandom, signed, UNTOUCHED } from '../testing/values.ts';
import { activationTolerance, differences, exactly, rmsNormTolerance, type Expected } from '../vectors/tolerance.ts';
import {
  GATED_MUL_INT8_PARAMS,
  gatedMulInt8,
  NORM_INT8_PARAMS,
  QUANTISE_PARAMS,
  quantiseRows,
  rmsNormInt8,
} from './quantise.ts';
import { dequantiseRowsRef, quantiseRowsRef } from './quantise.ref.ts';

const EPS = Math.fround(1e-5);

/** Rows of `width` in rows of whole groups. */
function padRows(rows: readonly ArrayLike<number>[], width: number): Float32Array<ArrayBuffer> {
  const padded = paddedRowElements(width);
  const all = new Float32Array(rows.length * padded);
  rows.forEach((row, r) => all.set(Float32Array.from(row), r * padded));
  return all;
}

/** Room for the bytes and scales of `numElements`, and of a group more that is to stay as it is. */
function targets(numElements: number) {
  return [
    new Uint32Array(numElements / 4 + 8).fill(0x5a5a5a5a),
    new Float32Array(numElements / 16 + 2).fill(UNTOUCHED),
  ] as const;
}

function check(quants: ArrayBuffer | undefined, scales: ArrayBuffer | undefined, values: readonly Expected[]) {
  const [bytes, pairs] = [quants ?? new ArrayBuffer(0), scales ?? new ArrayBuffer(0)];
  const behind = [
    ...new Uint32Array(bytes).subarray(values.length / 4).filter((word) => word !== 0x5a5a5a5a),
    ...new Float32Array(pairs).subarray(values.length / 16).filter((word) => word !== UNTOUCHED),
  ];
  return [...int8Differences(bytes, pairs, values), ...behind.map((word) => `behind the rows: ${String(word)}`)];
}

/** Sizes that are not the workgroup's; of every row another magnitude, one of zeros, one with a single element. */
async function checkRows(runner: KernelRunner, kernel: Kernel, headRows: boolean) {
  const random = seededRandom(91);
  const width = 707;
  const scales = [1, 1e5, 0, 1e-4, 30, 1e-33];
  const rows = scales.map((scale) => randomFloats(random, width, scale));
  rows[4]?.fill(0).set([-3.5], 100);
  const x = padRows(rows, width);
  const counts = { numPrompt: 4, numGenerated: 2 };
  const other = { numPrompt: 1, numGenerated: 0 };
  const [all, some] = headRows ? [other, counts] : [counts, other];
  const step = packStep({ ...all, numPromptLogits: some.numPrompt, numGeneratedLogits: some.numGenerated });
  const params = packFields(QUANTISE_PARAMS, { num_groups: 23, head_rows: headRows ? 1 : 0 });
  const results = await runner.run(kernel, [step, params, x, ...targets(x.length)], [Math.ceil(x.length / 2048), 1, 1]);
  return check(results[3], results[4], Array.from(x, exactly));
}

async function checkNorm(runner: KernelRunner, kernel: Kernel, headRows: readonly number[] | undefined) {
  const random = seededRandom(92);
  const width = 1100; // more groups than lanes
  const rows = [1e5, 1, 0, 1e-3].map((scale) => randomFloats(random, width, scale));
  const weight = padRows([randomFloats(random, width)], width);
  const x = padRows(rows, width);
  const sources = headRows ?? rows.map((_, r) => r);
  const numElements = (sources.length * x.length) / rows.length;
  const params = packFields(NORM_INT8_PARAMS, {
    num_groups: paddedRowElements(width) / 32,
    num_elements: width,
    head_rows: headRows === undefined ? 0 : 1,
    eps: { f32: EPS },
  });
  const out = new Float32Array(numElements).fill(UNTOUCHED);
  const bindings = [
    packStep({ numPrompt: 4 }),
    params,
    x,
    weight,
    Uint32Array.from(sources),
    out,
    ...targets(numElements),
  ];
  const results = await runner.run(kernel, bindings, [sources.length, 1, 1]);
  const expected = sources.flatMap((source) => {
    const normed = padRows([rmsNormRef(rows[source] ?? [], weight, EPS)], width);
    const exact = rmsNormRef(rows[source] ?? [], weight, EPS);
    return Array.from(normed, (_, i): Expected => {
      const value = exact[i] ?? 0;
      return { value, tolerance: rmsNormTolerance(width, value) };
    });
  });
  return [
    ...differences(new Float32Array(results[5] ?? new ArrayBuffer(0)), expected),
    ...check(results[6], results[7], expected),
  ];
}

async function checkGated(runner: KernelRunner, kernel: Kernel, activation: 'silu' | 'gelu') {
  const random = seededRandom(93);
  const [width, numRows] = [352, 7];
  const gateUp = Float32Array.from({ length: 2 * width * numRows }, () => signed(random) * 10 ** (3 * random() - 1));
  const step = packStep({ numPrompt: 3, numGenerated: 4 });
  const params = packFields(GATED_MUL_INT8_PARAMS, { num_groups: width / 32 });
  const out = new Float32Array(width * numRows).fill(UNTOUCHED);
  const bindings = [step, params, gateUp, out, ...targets(out.length)];
  const results = await runner.run(kernel, bindings, [Math.ceil(out.length / 2048), 1, 1]);
  const expected = Array.from(out, (_, i): Expected => {
    const [r, column] = [Math.floor(i / width), i % width];
    const [gate, up] = [gateUp[r * 2 * width + column] ?? NaN, gateUp[(r * 2 + 1) * width + column] ?? NaN];
    const value = gatedMulRef(activation, gate, up);
    return { value, tolerance: activationTolerance(activation, gate, up, value) };
  });
  return [
    ...differences(new Float32Array(results[3] ?? new ArrayBuffer(0)), expected),
    ...check(results[4], results[5], expected),
  ];
}

it('the oracle rounds to the nearest of 255 steps, and what it stands for is within half a step', () => {
  const random = seededRandom(94);
  const x = randomFloats(random, 320, 7);
  const back = dequantiseRowsRef(quantiseRowsRef(x));
  for (let first = 0; first < 320; first += 32) {
    const step = Math.max(...x.subarray(first, first + 32).map(Math.abs)) / 127;
    for (let i = first; i < first + 32; i++) {
      expect(Math.abs((back[i] ?? NaN) - (x[i] ?? NaN))).toBeLessThan(0.500001 * step);
    }
  }
});

describeOnAdapters((runner) => {
  it.for([false, true])('quantise_int8: rows that want logits: %s', async (headRows) => {
    expect(await checkRows(runner(), quantiseRows, headRows)).toEqual([]);
  });

  it.for([undefined, [3, 0, 0]])('rmsnorm_int8: rows %s', async (headRows) => {
    expect(await checkNorm(runner(), rmsNormInt8, headRows)).toEqual([]);
  });

  it.for(['silu', 'gelu'] as const)('%s_mul_int8', async (activation) => {
    expect(await checkGated(runner(), gatedMulInt8(activation), activation)).toEqual([]);
  });

  it.for([
    ['127.0 / top', '128.0 / top'],
    ['top * ONE_127TH', '1.0 / inverse'], // not a number for zeros
    ['word_of(b3))', 'word_of(b2))'],
    ['(a2 + a3)', 'a2'],
  ] as const)('finds a mistake planted in the rounding: %s -> %s', async ([right, wrong]) => {
    expect(await checkRows(runner(), planted(quantiseRows, right, wrong), false)).not.toEqual([]);
  });

  it.for([
    ['write_group(r * params.num_groups + group, v)', 'write_group(source_row(r) * params.num_groups + group, v)'],
  ] as const)('finds a mistake planted in the norm: %s -> %s', async ([right, wrong]) => {
    expect(await checkNorm(runner(), planted(rmsNormInt8, right, wrong), [3, 0, 0])).not.toEqual([]);
  });

  it.for([
    ['(gid.x + r * params.num_groups) * 8u', 'gid.x * 8u'],
    ['step.num_prompt + step.num_generated', 'step.num_prompt'],
  ] as const)('finds a mistake planted in the gate: %s -> %s', async ([right, wrong]) => {
    expect(await checkGated(runner(), planted(gatedMulInt8('silu'), right, wrong), 'silu')).not.toEqual([]);
  });
});
