/** The check of selective scans, by heads (Mamba 2) and by channels (Mamba), of the state size the kernel was made for. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import { scanRef, type ScanToken } from '../recurrent/recurrence.ref.ts';
import { SSM_SCAN_PARAMS } from '../recurrent/ssm-scan.ts';
import { packParams, type KernelCheck } from './check.ts';
import { plainCheck } from './plain-check.ts';
import {
  columnBefore,
  expectColumn,
  NUM_ROWS,
  NUM_SLOTS,
  ROW_SLOTS,
  SEQUENCES,
  sizeInName,
  SPANS,
  untouched,
} from './recurrent-rows.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const [CHANNELS, HEADS, GROUPS] = [72, 6, 2];

export function ssmScanCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(72);
  const size = sizeInName(kernel.name);
  const byHeads = kernel.name.includes('_heads');
  const [xStride, outStride, gateStride, gateOffset] = [CHANNELS + 2 * GROUPS * size + 4, CHANNELS + 4, 90, 3];
  const [deltaStride, deltaOffset] = byHeads ? [gateStride, 80] : [CHANNELS + 2 * size + 4, 0];
  const x = randomFloats(random, NUM_ROWS * xStride);
  const projected = randomFloats(random, NUM_ROWS * gateStride, 3);
  const selected = randomFloats(random, NUM_ROWS * deltaStride);
  const constants = randomFloats(random, byHeads ? 3 * HEADS : CHANNELS * (size + 1));
  const numDecays = byHeads ? HEADS : CHANNELS * size;
  for (let i = 0; i < numDecays; i++) constants[i] = -Math.abs(constants[i] ?? 0) - 0.1;
  const state = randomFloats(random, NUM_SLOTS * CHANNELS * size);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const params = packParams(
    SSM_SCAN_PARAMS,
    {
      num_channels: CHANNELS,
      num_heads: byHeads ? HEADS : CHANNELS,
      num_groups: byHeads ? GROUPS : 1,
      x_stride: xStride,
      gate_stride: gateStride,
      gate_offset: gateOffset,
      delta_stride: deltaStride,
      delta_offset: deltaOffset,
      out_stride: outStride,
    },
    [],
  );
  const tokenOf = (row: number, c: number): ScanToken => {
    const head = headOf(c);
    const group = Math.floor(head / (HEADS / GROUPS));
    const [source, b, offset] = byHeads
      ? [x, row * xStride + CHANNELS + group * size, GROUPS * size]
      : [selected, row * deltaStride + CHANNELS, size];
    const delta = byHeads
      ? Math.fround((projected[row * gateStride + deltaOffset + head] ?? NaN) + (constants[2 * HEADS + head] ?? NaN))
      : (selected[row * deltaStride + c] ?? NaN);
    return {
      x: x[row * xStride + c] ?? NaN,
      delta,
      gate: projected[row * gateStride + gateOffset + c] ?? NaN,
      b: source.subarray(b, b + size),
      c: source.subarray(b + offset, b + offset + size),
    };
  };
  const [expectedOut, expectedState] = [untouched(out), untouched(state)];
  for (const { first, count, from } of SEQUENCES) {
    for (let c = 0; c < CHANNELS; c++) {
      const tokens = Array.from({ length: count }, (_, i) => tokenOf(first + i, c));
      const a = Array.from({ length: size }, (_, e) => constants[byHeads ? headOf(c) : c * size + e] ?? NaN);
      const skip = constants[byHeads ? HEADS + headOf(c) : CHANNELS * size + c] ?? NaN;
      const column = { index: c, count: CHANNELS, outStride };
      const written = scanRef(tokens, a, skip, columnBefore(state, from, size, column));
      expectColumn(written, first, column, expectedOut, expectedState);
    }
  }
  const bindings = [params, SPANS, ROW_SLOTS, x, projected, constants, state, out];
  return plainCheck(kernel, [
    {
      bindings: byHeads ? bindings : [...bindings, selected],
      workgroups: [Math.ceil(CHANNELS / 64), SEQUENCES.length, 1],
      outputs: [
        { binding: 7, expected: expectedOut },
        { binding: 6, expected: expectedState },
      ],
    },
  ]);
}

function headOf(channel: number): number {
  return Math.floor(channel / (CHANNELS / HEADS));
}
