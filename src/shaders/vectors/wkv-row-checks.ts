/**
 * The checks of RWKV's kernels that take every row for itself: what stands between its products of low rank, before the recurrence
 * and behind it. Heads of fewer words than lanes, and of more. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { sigmoidRef, tanhRef, wkvInputsRef, wkvOutRef } from '../recurrent/wkv.ref.ts';
import { WKV_INPUTS_PARAMS, WKV_OUT_PARAMS, WKV_PARTS, WKV_RANKS_PARAMS, type WkvPart } from '../recurrent/wkv.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { mixedValues } from './elementwise-checks.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { exactly, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom } from './values.ts';

const CHANNELS = 288;
const HEAD_SIZES = [12, 144] as const;
const NUM_ROWS = 2; // and one that stays as it is
const ROW_STRIDE = WKV_PARTS.length * CHANNELS + 4;
const NARROW_STRIDE = CHANNELS + 4;

/** Ranks of two widths, the rows padded; two rows of the class prompt and one generated. */
export function wkvRanksCheck(kernel: Kernel): KernelCheck {
  const [decayRank, decayStride, gateRank, gateStride, numComputed] = [20, 32, 260, 288, 3];
  const decay = mixedValues(84, (numComputed + 1) * decayStride);
  const gate = mixedValues(85, (numComputed + 1) * gateStride);
  const params = packParams(
    WKV_RANKS_PARAMS,
    {
      decay_words: decayRank / 4,
      decay_stride: decayStride / 4,
      gate_words: gateRank / 4,
      gate_stride: gateStride / 4,
    },
    [],
  );
  const expected = (x: Float32Array, rank: number, stride: number, ref: (value: number) => Expected) =>
    Array.from(x, (value, i) => (i % stride < rank && i < numComputed * stride ? ref(value) : exactly(value)));
  return plainCheck(kernel, [
    {
      bindings: [packStepRows(2, 1), params, decay, gate],
      workgroups: [Math.ceil(gateRank / 256), numComputed + 1, 1],
      outputs: [
        { binding: 2, expected: expected(decay, decayRank, decayStride, tanhRef) },
        { binding: 3, expected: expected(gate, gateRank, gateStride, sigmoidRef) },
      ],
    },
  ]);
}

/** Where a part of a row begins for one head. */
const partAt = (row: number, part: WkvPart, head: number) =>
  row * ROW_STRIDE + WKV_PARTS.indexOf(part) * CHANNELS + head;

export function wkvInputsCheck(kernel: Kernel): KernelCheck {
  return plainCheck(
    kernel,
    HEAD_SIZES.flatMap((size) => [inputsRun(size, true), inputsRun(size, false)]),
  );
}

function inputsRun(size: number, keepsValues: boolean): PlainRun {
  const random = seededRandom(86);
  const constants = randomFloats(random, 2 * CHANNELS);
  const rows = randomFloats(random, (NUM_ROWS + 1) * ROW_STRIDE, 2);
  const first = randomFloats(random, (NUM_ROWS + 1) * NARROW_STRIDE);
  // A key of zeros has no direction, a small one has one like any other.
  rows.fill(0, partAt(0, 'key', 0), partAt(0, 'key', size));
  for (let i = partAt(1, 'key', 0); i < partAt(1, 'key', size); i++) rows[i] = (rows[i] ?? NaN) * 1e-4;
  const params = packParams(
    WKV_INPUTS_PARAMS,
    {
      num_words: CHANNELS / 4,
      head_words: size / 4,
      row_stride: ROW_STRIDE / 4,
      first_stride: NARROW_STRIDE / 4,
      keeps_values: keepsValues ? 1 : 0,
    },
    [],
  );
  const [expected, expectedFirst] = [Array.from(rows, exactly), Array.from(first, exactly)];
  for (let row = 0; row < NUM_ROWS; row++) {
    for (let head = 0; head < CHANNELS; head += size) {
      const partOf = (part: WkvPart) => rows.subarray(partAt(row, part, head), partAt(row, part, head) + size);
      const kept = row * NARROW_STRIDE + head;
      const elements = wkvInputsRef({
        decay: partOf('decay'),
        rate: partOf('rate'),
        residual: partOf('residual'),
        key: partOf('key'),
        value: partOf('value'),
        first: keepsValues ? undefined : first.subarray(kept, kept + size),
        unitWeight: constants.subarray(head, head + size),
        keyWeight: constants.subarray(CHANNELS + head, CHANNELS + head + size),
      });
      elements.forEach(({ decay, unit, put, key, value }, i) => {
        const written = { decay, rate: put, residual: unit, key, value } as const;
        for (const part of ['decay', 'rate', 'residual', 'key', 'value'] as const) {
          expected[partAt(row, part, head) + i] = written[part];
        }
        if (keepsValues) expectedFirst[kept + i] = value;
      });
    }
  }
  return {
    bindings: [params, constants, rows, first],
    workgroups: [CHANNELS / size, NUM_ROWS, 1],
    outputs: [
      { binding: 2, expected },
      { binding: 3, expected: expectedFirst },
    ],
  };
}

export function wkvOutCheck(kernel: Kernel): KernelCheck {
  return plainCheck(
    kernel,
    HEAD_SIZES.map((size) => outRun(size)),
  );
}

function outRun(size: number): PlainRun {
  const random = seededRandom(87);
  const eps = Math.fround(64e-5);
  const constants = randomFloats(random, 3 * CHANNELS);
  const rows = randomFloats(random, (NUM_ROWS + 1) * ROW_STRIDE);
  // So small that the epsilon counts, and with a mean that is far from zero.
  const x = randomFloats(random, (NUM_ROWS + 1) * NARROW_STRIDE, 0.02).map((value) => value + 0.3);
  const params = packParams(
    WKV_OUT_PARAMS,
    {
      num_words: CHANNELS / 4,
      head_words: size / 4,
      row_stride: ROW_STRIDE / 4,
      x_stride: NARROW_STRIDE / 4,
      eps,
    },
    ['eps'],
  );
  const expected = Array.from(x, exactly);
  for (let row = 0; row < NUM_ROWS; row++) {
    for (let head = 0; head < CHANNELS; head += size) {
      const partOf = (part: WkvPart) => rows.subarray(partAt(row, part, head), partAt(row, part, head) + size);
      const constantsOf = (index: number) =>
        constants.subarray(index * CHANNELS + head, index * CHANNELS + head + size);
      const at = row * NARROW_STRIDE + head;
      const out = wkvOutRef(
        {
          x: x.subarray(at, at + size),
          receptance: partOf('receptance'),
          key: partOf('key'),
          value: partOf('value'),
          gate: partOf('gate'),
          weight: constantsOf(0),
          bias: constantsOf(1),
          bonus: constantsOf(2),
        },
        eps,
      );
      out.forEach((element, i) => (expected[at + i] = element));
    }
  }
  return {
    bindings: [params, constants, rows, x],
    workgroups: [CHANNELS / size, NUM_ROWS, 1],
    outputs: [{ binding: 3, expected }],
  };
}
