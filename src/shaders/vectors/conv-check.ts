/** The check of the causal convolutions of recurrent layers, whose state is the inputs of the last tokens. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import { causalConvRef } from '../recurrent/causal-conv.ref.ts';
import { CAUSAL_CONV_PARAMS } from '../recurrent/causal-conv.ts';
import { packParams, type KernelCheck } from './check.ts';
import { plainCheck } from './plain-check.ts';
import { NO_SLOT, NUM_ROWS, NUM_SLOTS, ROW_SLOTS, SEQUENCES, sizeInName, SPANS, untouched } from './recurrent-rows.ts';
import { activationTolerance, dotTolerance, EPS32, exactly } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const CHANNELS = 70;

export function causalConvCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(71);
  const taps = sizeInName(kernel.name);
  const gated = kernel.name.includes('_gated');
  const [xStride, xOffset, outStride] = [4 * CHANNELS, gated ? 0 : 7, CHANNELS + 2];
  const weight = randomFloats(random, CHANNELS * taps);
  const bias = randomFloats(random, CHANNELS);
  const x = randomFloats(random, NUM_ROWS * xStride);
  const tail = randomFloats(random, NUM_SLOTS * (taps - 1) * CHANNELS);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const params = packParams(
    CAUSAL_CONV_PARAMS,
    {
      num_channels: CHANNELS,
      x_stride: xStride,
      x_offset: xOffset,
      out_stride: outStride,
      has_bias: gated ? 0 : 1,
    },
    [],
  );
  const [expectedOut, expectedTail] = [untouched(out), untouched(tail)];
  const at = (row: number, c: number) => x[row * xStride + xOffset + c] ?? NaN;
  const input = (row: number, c: number) => (gated ? Math.fround(at(row, c) * at(row, c + 2 * CHANNELS)) : at(row, c));
  for (const { first, count, from } of SEQUENCES) {
    const inputs = Array.from({ length: count }, (_, i) =>
      Float32Array.from({ length: CHANNELS }, (_unused, c) => input(first + i, c)),
    );
    const seen = Array.from({ length: taps - 1 }, (_, k) =>
      from === undefined
        ? new Float32Array(CHANNELS)
        : tail.subarray((from * (taps - 1) + k) * CHANNELS, (from * (taps - 1) + k + 1) * CHANNELS),
    );
    const { sums, norms } = causalConvRef(inputs, weight, gated ? undefined : bias, seen);
    for (let i = 0; i < count; i++) {
      const row = first + i;
      const slot = ROW_SLOTS[row] ?? NO_SLOT;
      for (let c = 0; c < CHANNELS; c++) {
        const sum = sums[i]?.[c] ?? NaN;
        const tolerance = dotTolerance(taps + 1, norms[i]?.[c] ?? NaN);
        const factor = gated ? at(row, c + CHANNELS) : 1 / (1 + Math.exp(-sum));
        const value = sum * factor;
        const slope = gated ? Math.abs(factor) : 1.1;
        const rounding = gated ? EPS32 * Math.abs(value) : activationTolerance('silu', sum, 1, value);
        expectedOut[row * outStride + c] = { value, tolerance: tolerance * slope + rounding };
        for (let k = 0; k < taps - 1 && slot !== NO_SLOT; k++) {
          const kept = [...seen, ...inputs][i + 1 + k]?.[c] ?? NaN;
          expectedTail[(slot * (taps - 1) + k) * CHANNELS + c] = exactly(kept);
        }
      }
    }
  }
  return plainCheck(kernel, [
    {
      bindings: [params, SPANS, ROW_SLOTS, weight, bias, x, tail, out],
      workgroups: [Math.ceil(CHANNELS / 64), SEQUENCES.length, 1],
      outputs: [
        { binding: 7, expected: expectedOut },
        { binding: 6, expected: expectedTail },
      ],
    },
  ]);
}
