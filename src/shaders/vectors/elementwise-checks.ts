/**
 * The checks of kernels that take an element, or a small block, at a time: gates, activations, the cap of logits, the transform of
 * cached values. Rows that are none of the step's stay as they were. Runs nothing.
 */
import type { Activation } from '../elementwise/activation.ts';
import { ACTIVATE_PARAMS, GATED_MUL_PARAMS } from '../elementwise/gated-mul.ts';
import { gatedMulRef } from '../elementwise/gated-mul.ref.ts';
import { SOFTCAP_PARAMS } from '../elementwise/softcap.ts';
import { chunkElements, HADAMARD_PARAMS } from '../hadamard/hadamard.ts';
import { hadamardRef } from '../hadamard/hadamard.ref.ts';
import type { Kernel } from '../kernel.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { activationTolerance, exactly, hadamardTolerance, softcapTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, signed, UNTOUCHED } from './values.ts';

/** Where exp overflows, and where nothing of it is left. */
const SPECIAL = [0, 1e5, -1e5, 88, -88, -90, -104, 1e-30, -1e-30];

/** Of many magnitudes. */
export function mixedValues(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, (_, i) => SPECIAL[i] ?? signed(random) * 10 ** (3 * random() - 1));
}

/** activation(gate) * up of gate and up side by side, [rows, 2, width]. */
export function gatedExpected(activation: Activation, gateUp: Float32Array, width: number, i: number): Expected {
  const [r, column] = [Math.floor(i / width), i % width];
  const [gate, up] = [gateUp[r * 2 * width + column] ?? NaN, gateUp[(r * 2 + 1) * width + column] ?? NaN];
  const value = gatedMulRef(activation, gate, up);
  return { value, tolerance: activationTolerance(activation, gate, up, value) };
}

export function gatedMulCheck(kernel: Kernel, activation: Activation): KernelCheck {
  const [width, numPrompt, numGenerated] = [288, 2, 1];
  const numRows = numPrompt + numGenerated + 1;
  const gateUp = mixedValues(121, numRows * 2 * width);
  const out = new Float32Array(numRows * width).fill(UNTOUCHED);
  const run = (withGenerated: boolean): PlainRun => {
    const numComputed = numPrompt + (withGenerated ? numGenerated : 0);
    const params = packParams(
      GATED_MUL_PARAMS,
      { num_words: width / 4, with_generated: withGenerated ? 1 : 0, rows_each: 1 },
      [],
    );
    const expected = Array.from(out, (before, i) =>
      i < numComputed * width ? gatedExpected(activation, gateUp, width, i) : exactly(before),
    );
    return {
      bindings: [packStepRows(numPrompt, numGenerated), params, gateUp, out],
      workgroups: [Math.ceil(width / 4 / 64), numRows, 1],
      outputs: [{ binding: 3, expected }],
    };
  };
  return plainCheck(kernel, [run(true), run(false)]);
}

export function activateCheck(kernel: Kernel, activation: Activation): KernelCheck {
  const [width, numRows] = [288, 4];
  const x = mixedValues(122, numRows * width);
  const params = packParams(ACTIVATE_PARAMS, { num_words: width / 4 }, []);
  const expected = Array.from(x, (before, i): Expected => {
    if (i >= 3 * width) return exactly(before);
    const value = gatedMulRef(activation, before, 1);
    return { value, tolerance: activationTolerance(activation, before, 1, value) };
  });
  const workgroups = [Math.ceil(width / 4 / 64), numRows, 1] as const;
  return plainCheck(kernel, [
    { bindings: [packStepRows(2, 1), params, x], workgroups, outputs: [{ binding: 2, expected }] },
  ]);
}

export function softcapCheck(kernel: Kernel): KernelCheck {
  const [width, numRows, cap] = [288, 4, 30];
  const x = mixedValues(123, numRows * width);
  const params = packParams(SOFTCAP_PARAMS, { row_words: width / 4, softcap: cap }, ['softcap']);
  const expected = Array.from(x, (before, i): Expected =>
    i >= 3 * width ? exactly(before) : { value: cap * Math.tanh(before / cap), tolerance: softcapTolerance(0, cap) },
  );
  const workgroups = [Math.ceil(width / 4 / 64), numRows, 1] as const;
  return plainCheck(kernel, [
    { bindings: [packStepRows(2, 1), params, x], workgroups, outputs: [{ binding: 2, expected }] },
  ]);
}

/** The constants say what a thread computes; blocks of 32 at least are of two such parts. */
export function hadamardCheck(kernel: Kernel): KernelCheck {
  const chunk = 4 * (kernel.constants['QUADS'] ?? 1);
  const block = chunk === 32 ? 64 : chunk;
  const [width, numRows] = [5 * block, 2];
  const stride = width + 8;
  const x = randomFloats(seededRandom(124), numRows * stride);
  const out = new Float32Array(numRows * stride).fill(UNTOUCHED);
  const numChunks = width / chunkElements(block);
  const params = packParams(
    HADAMARD_PARAMS,
    { num_chunks: numChunks, num_parts: block / chunk, stride, scale: 1 / Math.sqrt(block) },
    ['scale'],
  );
  const expected = Array.from({ length: numRows }, (_, r) => {
    const row = x.subarray(r * stride, r * stride + width);
    const transformed = Array.from(hadamardRef(row, block), (value, e): Expected => {
      const first = e - (e % block);
      return { value, tolerance: hadamardTolerance(block, Math.hypot(...row.subarray(first, first + block))) };
    });
    return [...transformed, ...new Array<Expected>(stride - width).fill(exactly(UNTOUCHED))];
  }).flat();
  return plainCheck(kernel, [
    {
      bindings: [params, x, out],
      workgroups: [Math.ceil(numChunks / 64), numRows, 1],
      outputs: [{ binding: 2, expected }],
    },
  ]);
}
