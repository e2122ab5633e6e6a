/**
 * The checks of what scales, adds and gates rows in place, and of what puts the rows of latent attention together. Rows that are none
 * of the step, and padding, stay as they were. Runs nothing.
 */
import { LATENT_PARAMS } from '../attention/attention.ts';
import type { Activation } from '../elementwise/activation.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import { SIGMOID_MUL_PARAMS } from '../elementwise/gated-mul.ts';
import { GATE_PART_PARAMS, SCALED_SUM_PARAMS } from '../elementwise/scaled-sum.ts';
import type { Kernel } from '../kernel.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { mixedValues } from './elementwise-checks.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { activationTolerance, EPS32, exactly, expUlps, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

/** One row more than is computed lies in every buffer. */
const [NUM_PROMPT, NUM_GENERATED] = [2, 1];
const COMPUTED = NUM_PROMPT + NUM_GENERATED;
const NUM_ROWS = COMPUTED + 1;

const step = () => packStepRows(NUM_PROMPT, NUM_GENERATED);

export function scaledSumCheck(kernel: Kernel): KernelCheck {
  const width = 288;
  const random = seededRandom(81);
  const [x, y] = [randomFloats(random, NUM_ROWS * width, 1e3), randomFloats(random, NUM_ROWS * width, 10)];
  const scale = Math.fround(Math.SQRT1_2);
  const run = (addend: boolean, factor: boolean): PlainRun => {
    const params = packParams(
      SCALED_SUM_PARAMS,
      { num_words: width / 4, scale, has_addend: addend ? 1 : 0, has_factor: factor ? 1 : 0 },
      ['scale'],
    );
    const expected = Array.from(x, (before, i): Expected => {
      if (i >= COMPUTED * width) return exactly(before);
      const value = (before + (addend ? (y[i] ?? NaN) : 0)) * scale * (factor ? 0.75 : 1);
      return { value, tolerance: 3 * EPS32 * Math.abs(value) }; // three roundings
    });
    return {
      bindings: [step(), params, y, Float32Array.of(0.75, -3), x],
      workgroups: [Math.ceil(width / 4 / 64), NUM_ROWS, 1],
      outputs: [{ binding: 4, expected }],
    };
  };
  return plainCheck(kernel, [run(true, true), run(true, false), run(false, true)]);
}

export function gatePartCheck(kernel: Kernel, activation: Activation): KernelCheck {
  const [width, stride, part, byStride] = [20, 32, 2, 64];
  const x = mixedValues(84, NUM_ROWS * stride);
  const by = randomFloats(seededRandom(85), NUM_ROWS * byStride);
  const params = packParams(
    GATE_PART_PARAMS,
    { num_words: width / 4, row_words: stride / 4, by_words: byStride / 4, first_word: (part * width) / 4 },
    [],
  );
  const expected = Array.from(x, (before, i): Expected => {
    const [row, column] = [Math.floor(i / stride), i % stride];
    if (row >= COMPUTED || column >= width) return exactly(before);
    const up = by[row * byStride + part * width + column] ?? NaN;
    const value = gatedMulRef(activation, before, up);
    return { value, tolerance: activationTolerance(activation, before, up, value) };
  });
  return plainCheck(kernel, [
    { bindings: [step(), params, by, x], workgroups: [1, NUM_ROWS, 1], outputs: [{ binding: 3, expected }] },
  ]);
}

export function sigmoidMulCheck(kernel: Kernel): KernelCheck {
  const [width, stride, gateStride, gateOffset] = [268, 272, 280, 8];
  const x = randomFloats(seededRandom(86), NUM_ROWS * stride, 10);
  const gate = mixedValues(87, NUM_ROWS * gateStride);
  const params = packParams(
    SIGMOID_MUL_PARAMS,
    { num_words: width / 4, x_stride: stride / 4, gate_stride: gateStride / 4, gate_offset: gateOffset / 4 },
    [],
  );
  const expected = Array.from(x, (before, i): Expected => {
    const [row, column] = [Math.floor(i / stride), i % stride];
    if (row >= COMPUTED || column >= width) return exactly(before);
    const g = gate[row * gateStride + gateOffset + column] ?? NaN;
    const value = before / (1 + Math.exp(-g));
    // As of silu, whose gate is a factor besides.
    const ulps = expUlps(Math.min(80, Math.max(0, -g))) + 5;
    return { value, tolerance: EPS32 * ulps * Math.abs(value) + 2 * Math.abs(before) * Math.exp(-80) };
  });
  return plainCheck(kernel, [
    {
      bindings: [step(), params, gate, x],
      workgroups: [Math.ceil(width / 4 / 64), NUM_ROWS, 1],
      outputs: [{ binding: 3, expected }],
    },
  ]);
}

/** Copies, word for word. */
export function latentJoinCheck(kernel: Kernel): KernelCheck {
  const [numHeads, rope, latent, plain, kvPitch] = [3, 8, 20, 12, 32];
  const head = rope + latent;
  const pitch = (numHeads + 2) * head + 4;
  const count = (length: number, first: number) => Float32Array.from({ length }, (_, i) => first + i);
  const q = count(NUM_ROWS * numHeads * (plain + rope), 0);
  const absorbed = count(NUM_ROWS * numHeads * latent, 10000);
  const kv = count(NUM_ROWS * kvPitch, 20000);
  const out = new Float32Array(NUM_ROWS * pitch).fill(UNTOUCHED);
  const params = packParams(
    LATENT_PARAMS,
    {
      num_heads: numHeads,
      rope_words: rope / 4,
      latent_words: latent / 4,
      plain_words: plain / 4,
      kv_words: kvPitch / 4,
      out_words: pitch / 4,
    },
    [],
  );
  const expected = Array.from(out, (before, at): Expected => {
    const [row, column] = [Math.floor(at / pitch), at % pitch];
    const [part, i] = [Math.floor(column / head), column % head];
    if (row >= COMPUTED || part >= numHeads + 2) return exactly(before);
    if (part >= numHeads) return exactly(kv[row * kvPitch + (i < rope ? latent + i : i - rope)] ?? NaN);
    const pair = row * numHeads + part;
    return exactly((i < rope ? q[pair * (plain + rope) + plain + i] : absorbed[pair * latent + i - rope]) ?? NaN);
  });
  return plainCheck(kernel, [
    {
      bindings: [step(), params, q, absorbed, kv, out],
      workgroups: [Math.ceil(((numHeads + 2) * head) / 4 / 64), NUM_ROWS, 1],
      outputs: [{ binding: 5, expected }],
    },
  ]);
}
