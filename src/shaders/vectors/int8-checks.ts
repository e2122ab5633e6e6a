/**
 * The checks of what rounds rows to signed bytes: alone, with the RMS norm, with a gate. A byte may be the neighbour of the
 * oracle's where the exact quotient lies between the two within the rounding of its terms. Runs nothing.
 */
import { paddedRowElements } from '../blocks/block-type.ts';
import type { Activation } from '../elementwise/activation.ts';
import type { Kernel } from '../kernel.ts';
import { rmsNormRef } from '../norm/norm.ref.ts';
import { GATED_MUL_INT8_PARAMS, NORM_INT8_PARAMS, QUANTISE_PARAMS } from '../quantise/quantise.ts';
import { packParams, packStepRows, type KernelCheck, type Words } from './check.ts';
import { gatedExpected, mixedValues } from './elementwise-checks.ts';
import { plainCheck, type PlainOutput } from './plain-check.ts';
import { EPS32, exactly, rmsNormTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const EPS = Math.fround(1e-5);
const BEHIND = 0x5a5a5a5a;

/** Room for the bytes and scales of `numElements`, and of a group more that is to stay as it is. */
function targets(numElements: number): readonly [Words, Words] {
  return [new Uint32Array(numElements / 4 + 8).fill(BEHIND), new Float32Array(numElements / 16 + 2).fill(UNTOUCHED)];
}

/** What bindings of bytes and of scales hold for these values, of whole groups. */
function outputsOf(values: readonly Expected[], quants: number): readonly PlainOutput[] {
  const bytes: Expected[] = [];
  const scales: Expected[] = [];
  for (let first = 0; first < values.length; first += 32) {
    const group = values.slice(first, first + 32);
    const top = Math.max(...group.map(({ value }) => Math.abs(value)));
    const tolerance = Math.max(...group.map((one) => one.tolerance)) + 4 * EPS32 * top;
    const perStep = top > 1e-30 ? 127 / top : 0;
    const steps = group.map(({ value }) => value * perStep);
    // Half a step, and what moves the quotient.
    const slack = 0.5 + 2 * tolerance * perStep + 127 * 4 * EPS32;
    bytes.push(...steps.map((value): Expected => ({ value, tolerance: slack })));
    scales.push({ value: top / 127, tolerance: tolerance / 127 }, { value: sum(steps), tolerance: 32 * slack });
  }
  const behind = [new Array<Expected>(32).fill(exactly(0x5a)), new Array<Expected>(2).fill(exactly(UNTOUCHED))];
  return [
    {
      binding: quants,
      expected: [...bytes, ...(behind[0] ?? [])],
      read: (words) => new Int8Array(words.buffer, words.byteOffset, words.length * 4),
    },
    { binding: quants + 1, expected: [...scales, ...(behind[1] ?? [])] },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function quantiseCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(131);
  const numGroups = 23;
  const x = Float32Array.from([1, 1e5, 0, 1e-4].flatMap((scale) => [...randomFloats(random, numGroups * 32, scale)]));
  const params = packParams(QUANTISE_PARAMS, { num_groups: numGroups, head_rows: 0 }, []);
  return plainCheck(kernel, [
    {
      bindings: [packStepRows(3, 1), params, x, ...targets(x.length)],
      workgroups: [Math.ceil(x.length / 2048), 1, 1],
      outputs: outputsOf(Array.from(x, exactly), 3),
    },
  ]);
}

export function rmsNormInt8Check(kernel: Kernel): KernelCheck {
  const width = 141;
  const padded = paddedRowElements(width);
  const random = seededRandom(132);
  const rows = [1e5, 1, 1e-3].map((scale) => randomFloats(random, width, scale));
  const weight = new Float32Array(padded);
  weight.set(randomFloats(random, width));
  const x = new Float32Array(rows.length * padded);
  rows.forEach((row, r) => {
    x.set(row, r * padded);
  });
  const params = packParams(
    NORM_INT8_PARAMS,
    { num_groups: padded / 32, num_elements: width, head_rows: 1, eps: EPS },
    ['eps'],
  );
  const headRows = [2, 0, 1];
  const expected = headRows.flatMap((r) => {
    const exact = rmsNormRef(rows[r] ?? [], weight, EPS);
    return Array.from({ length: padded }, (_, i): Expected => {
      const value = exact[i] ?? 0;
      return { value, tolerance: rmsNormTolerance(width, value) };
    });
  });
  const out = new Float32Array(x.length).fill(UNTOUCHED);
  return plainCheck(kernel, [
    {
      bindings: [packStepRows(3, 0), params, x, weight, Uint32Array.from(headRows), out, ...targets(x.length)],
      workgroups: [3, 1, 1],
      outputs: [{ binding: 5, expected }, ...outputsOf(expected, 6)],
    },
  ]);
}

export function gatedMulInt8Check(kernel: Kernel, activation: Activation): KernelCheck {
  const [width, numRows] = [352, 3];
  const gateUp = mixedValues(133, 2 * width * numRows);
  const params = packParams(GATED_MUL_INT8_PARAMS, { num_groups: width / 32 }, []);
  const out = new Float32Array(width * numRows).fill(UNTOUCHED);
  const expected = Array.from(out, (_, i) => gatedExpected(activation, gateUp, width, i));
  return plainCheck(kernel, [
    {
      bindings: [packStepRows(2, 1), params, gateUp, out, ...targets(out.length)],
      workgroups: [Math.ceil(out.length / 2048), 1, 1],
      outputs: [{ binding: 3, expected }, ...outputsOf(expected, 4)],
    },
  ]);
}
