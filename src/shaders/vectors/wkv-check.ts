/**
 * The checks of RWKV's kernels that carry a state from row to row: the shift of tokens, and the recurrence of the head size that the
 * kernel was made for. Columns know nothing of each other; of large heads every seventh is held against the oracle, the others are
 * to be numbers. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { TOKEN_SHIFT_PARAMS } from '../recurrent/token-shift.ts';
import { tokenShiftRef, wkvRef, type WkvToken } from '../recurrent/wkv.ref.ts';
import { WKV_PARAMS, WKV_PARTS, type WkvPart } from '../recurrent/wkv.ts';
import { packParams, type KernelCheck } from './check.ts';
import { plainCheck } from './plain-check.ts';
import {
  columnBefore,
  expectColumn,
  NO_SLOT,
  NUM_ROWS,
  NUM_SLOTS,
  ROW_SLOTS,
  SEQUENCES,
  sizeInName,
  someNumbers,
  SPANS,
  untouched,
} from './recurrent-rows.ts';
import { exactly } from './tolerance.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const HEADS = 3;

export function tokenShiftCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(81);
  const numMixes = sizeInName(kernel.name);
  const [channels, xStride, outStride] = [70, 75, 73];
  const partStride = NUM_ROWS * outStride + 5;
  const lerp = randomFloats(random, numMixes * channels);
  const x = randomFloats(random, NUM_ROWS * xStride);
  const last = randomFloats(random, NUM_SLOTS * channels);
  const out = new Float32Array(numMixes * partStride).fill(UNTOUCHED);
  const params = packParams(
    TOKEN_SHIFT_PARAMS,
    { num_channels: channels, x_stride: xStride, out_stride: outStride, part_stride: partStride },
    [],
  );
  const [expectedOut, expectedLast] = [untouched(out), untouched(last)];
  for (const { first, count, from } of SEQUENCES) {
    for (let c = 0; c < channels; c++) {
      let before = from === undefined ? 0 : (last[from * channels + c] ?? NaN);
      for (let row = first; row < first + count; row++) {
        const input = x[row * xStride + c] ?? NaN;
        for (let m = 0; m < numMixes; m++) {
          const mixed = tokenShiftRef(input, before, lerp[m * channels + c] ?? NaN);
          expectedOut[m * partStride + row * outStride + c] = mixed;
        }
        const slot = ROW_SLOTS[row] ?? NO_SLOT;
        if (slot !== NO_SLOT) expectedLast[slot * channels + c] = exactly(input);
        before = input;
      }
    }
  }
  return plainCheck(kernel, [
    {
      bindings: [params, SPANS, ROW_SLOTS, lerp, x, last, out],
      workgroups: [Math.ceil(channels / 64), SEQUENCES.length, 1],
      outputs: [
        { binding: 6, expected: expectedOut },
        { binding: 5, expected: expectedLast },
      ],
    },
  ]);
}

export function wkvCheck(kernel: Kernel): KernelCheck {
  const size = sizeInName(kernel.name);
  const channels = HEADS * size;
  const [rowStride, outStride] = [WKV_PARTS.length * channels + 4, channels + 4];
  const rows = wkvRows(rowStride, size);
  const state = randomFloats(seededRandom(83), NUM_SLOTS * channels * size);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const params = packParams(
    WKV_PARAMS,
    { num_channels: channels, row_stride: rowStride / 4, out_stride: outStride },
    [],
  );
  const tokenOf = (row: number, c: number): WkvToken => {
    const head = Math.floor(c / size) * size;
    const partOf = (part: WkvPart) => {
      const at = row * rowStride + WKV_PARTS.indexOf(part) * channels + head;
      return rows.subarray(at, at + size);
    };
    return {
      decay: partOf('decay'),
      unit: partOf('residual'),
      put: partOf('rate'),
      key: partOf('key'),
      receptance: partOf('receptance'),
      value: partOf('value')[c - head] ?? NaN,
    };
  };
  const [expectedOut, expectedState] = [untouched(out), untouched(state)];
  for (const { first, count, from } of SEQUENCES) {
    for (let c = 0; c < channels; c++) {
      const column = { index: c, count: channels, outStride };
      const isCompared = size <= 16 || c % 7 === 0;
      const tokens = Array.from({ length: count }, (_, i) => tokenOf(first + i, c));
      const written = isCompared
        ? wkvRef(tokens, size, columnBefore(state, from, size, column))
        : someNumbers(count, size);
      expectColumn(written, first, column, expectedOut, expectedState);
    }
  }
  return plainCheck(kernel, [
    {
      bindings: [params, SPANS, ROW_SLOTS, rows, state, out],
      workgroups: [Math.ceil(channels / 64), SEQUENCES.length, 1],
      outputs: [
        { binding: 5, expected: expectedOut },
        { binding: 4, expected: expectedState },
      ],
    },
  ]);
}

/** Decays as they may be, between exp(-1 / sqrt(e)) and 1; unit keys about as long as their name says. */
function wkvRows(rowStride: number, size: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(82);
  const rows = randomFloats(random, NUM_ROWS * rowStride);
  const scaled = (part: WkvPart, of: (value: number) => number) => {
    const first = WKV_PARTS.indexOf(part) * HEADS * size;
    for (let row = 0; row < NUM_ROWS; row++) {
      for (let i = first; i < first + HEADS * size; i++) {
        rows[row * rowStride + i] = of(rows[row * rowStride + i] ?? NaN);
      }
    }
  };
  scaled('decay', () => 0.55 + 0.45 * random());
  for (const part of ['rate', 'residual', 'receptance'] as const) scaled(part, (value) => value / Math.sqrt(size));
  return rows;
}
