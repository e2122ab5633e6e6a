/**
 * The check of the gated delta rule, key heads interleaved and not, of the head size the kernel was made for. Columns know nothing
 * of each other; of large heads every seventh is held against the oracle, the others are to be numbers. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { DELTA_RULE_PARAMS } from '../recurrent/delta-rule.ts';
import { deltaRuleRef, type DeltaToken } from '../recurrent/recurrence.ref.ts';
import { packParams, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import {
  columnBefore,
  expectColumn,
  NUM_ROWS,
  NUM_SLOTS,
  ROW_SLOTS,
  SEQUENCES,
  sizeInName,
  someNumbers,
  SPANS,
  untouched,
  type WrittenColumn,
} from './recurrent-rows.ts';
import { randomFloats, seededRandom, UNTOUCHED } from './values.ts';

const [KEY_HEADS, VALUE_HEADS] = [2, 6];
const PER_KEY = VALUE_HEADS / KEY_HEADS;
const [GATES_STRIDE, GATES_OFFSET] = [20, 3];

export function deltaRuleCheck(kernel: Kernel): KernelCheck {
  const size = sizeInName(kernel.name);
  return plainCheck(kernel, [runOf(size, true), runOf(size, false)]);
}

function runOf(size: number, interleaved: boolean): PlainRun {
  const random = seededRandom(73);
  const columns = VALUE_HEADS * size;
  const [qkvStride, outStride] = [2 * KEY_HEADS * size + columns + 4, columns + 4];
  // Keys about as long as those of models, which are normed.
  const qkv = randomFloats(random, NUM_ROWS * qkvStride, 1.13 / Math.sqrt(size));
  const gates = randomFloats(random, NUM_ROWS * GATES_STRIDE, 2);
  const decay = randomFloats(random, 2 * VALUE_HEADS);
  for (let v = 0; v < VALUE_HEADS; v++) decay[v] = -Math.abs(decay[v] ?? 0);
  const state = randomFloats(random, NUM_SLOTS * columns * size);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const scale = Math.fround(1 / Math.sqrt(size));
  const alphaOffset = interleaved ? VALUE_HEADS : PER_KEY;
  const params = packParams(
    DELTA_RULE_PARAMS,
    {
      num_key_heads: KEY_HEADS,
      num_value_heads: VALUE_HEADS,
      qkv_stride: qkvStride,
      gates_stride: GATES_STRIDE,
      beta_offset: GATES_OFFSET,
      alpha_offset: GATES_OFFSET + alphaOffset,
      interleaved: interleaved ? 1 : 0,
      out_stride: outStride,
      scale,
    },
    ['scale'],
  );
  const tokenOf = (row: number, c: number): DeltaToken => {
    const head = Math.floor(c / size);
    const keyHead = interleaved ? head % KEY_HEADS : Math.floor(head / PER_KEY);
    const gate = interleaved ? head : keyHead * 2 * PER_KEY + (head % PER_KEY);
    const q = row * qkvStride + keyHead * size;
    const k = q + KEY_HEADS * size;
    const gatesAt = row * GATES_STRIDE + GATES_OFFSET + gate;
    return {
      q: qkv.subarray(q, q + size),
      k: qkv.subarray(k, k + size),
      v: qkv[row * qkvStride + 2 * KEY_HEADS * size + c] ?? NaN,
      beta: gates[gatesAt] ?? NaN,
      alpha: gates[gatesAt + alphaOffset] ?? NaN,
    };
  };
  const isCompared = (c: number) => size <= 16 || c % 7 === 0;
  const [expectedOut, expectedState] = [untouched(out), untouched(state)];
  for (const { first, count, from } of SEQUENCES) {
    for (let c = 0; c < columns; c++) {
      const column = { index: c, count: columns, outStride };
      const written = (): WrittenColumn => {
        const head = Math.floor(c / size);
        const tokens = Array.from({ length: count }, (_, i) => tokenOf(first + i, c));
        const before = columnBefore(state, from, size, column);
        return deltaRuleRef(tokens, decay[head] ?? NaN, decay[VALUE_HEADS + head] ?? NaN, scale, size, before);
      };
      expectColumn(isCompared(c) ? written() : someNumbers(count, size), first, column, expectedOut, expectedState);
    }
  }
  return {
    bindings: [params, SPANS, ROW_SLOTS, qkv, gates, decay, state, out],
    workgroups: [Math.ceil(columns / 64), SEQUENCES.length, 1],
    outputs: [
      { binding: 7, expected: expectedOut },
      { binding: 6, expected: expectedState },
    ],
  };
}
