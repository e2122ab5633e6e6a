/**
 * The kernels that carry a state from row to row against their oracles: two sequences in a step, one of which goes on from a state,
 * states kept behind several rows, in place and elsewhere; what is no row and no kept slot stays as it is.
 */
import { expect, it } from 'vitest';
import {
  describeOnAdapters,
  packFields,
  type KernelRunner,
  type ParamWord,
} from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED } from '../testing/values.ts';
import { differences, dotTolerance, EPS32, exactly, rmsNormTolerance, type Expected } from '../vectors/tolerance.ts';
import { causalConvRef } from './causal-conv.ref.ts';
import { CAUSAL_CONV_PARAMS, causalConv } from './causal-conv.ts';
import { DELTA_RULE_PARAMS, deltaRule } from './delta-rule.ts';
import { NORM_PARTS_PARAMS, normParts } from './norm-parts.ts';
import { deltaRuleRef, scanRef, type DeltaToken } from './recurrence.ref.ts';
import { SSM_SCAN_PARAMS, ssmScan, type ScanKind } from './ssm-scan.ts';

const NO_SLOT = 0xffffffff;
const NUM_SLOTS = 4;
/** Rows 0 to 3 start from nothing and keep the state behind rows 1 and 3; rows 4 to 6 go on from slot 2, in place. */
const SPANS = Uint32Array.of(0, 4, NO_SLOT, 0, 4, 3, 2, 0);
const ROW_SLOTS = Uint32Array.of(NO_SLOT, 0, NO_SLOT, 3, NO_SLOT, NO_SLOT, 2, NO_SLOT);
const NUM_ROWS = 8; // the last belongs to nobody
const SEQUENCES = [
  { first: 0, count: 4, from: undefined },
  { first: 4, count: 3, from: 2 },
] as const;

const floatsOf = (buffer: ArrayBuffer | undefined) => new Float32Array(buffer ?? new ArrayBuffer(0));

/** Expected contents: those before, changed by the oracle. */
const untouched = (before: ArrayLike<number>): Expected[] => Array.from(before, exactly);

interface Written {
  readonly outputs: readonly Expected[];
  readonly states: readonly (readonly Expected[])[];
}

async function checkConv(runner: KernelRunner, kernel: Kernel): Promise<readonly string[]> {
  const random = seededRandom(71);
  const [channels, taps] = [70, 3];
  const gated = kernel.name.includes('gated');
  const [xStride, xOffset, outStride] = [4 * channels, gated ? 0 : 7, channels + 2];
  const weight = randomFloats(random, channels * taps);
  const bias = randomFloats(random, channels);
  const x = randomFloats(random, NUM_ROWS * xStride);
  const tail = randomFloats(random, NUM_SLOTS * (taps - 1) * channels);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const params = packFields(CAUSAL_CONV_PARAMS, {
    num_channels: channels,
    x_stride: xStride,
    x_offset: xOffset,
    out_stride: outStride,
    has_bias: gated ? 0 : 1,
  });
  const results = await runner.run(kernel, [params, SPANS, ROW_SLOTS, weight, bias, x, tail, out], [2, 2, 1]);
  const [expectedOut, expectedTail] = [untouched(out), untouched(tail)];
  const at = (row: number, c: number) => x[row * xStride + xOffset + c] ?? NaN;
  const input = (row: number, c: number) => (gated ? Math.fround(at(row, c) * at(row, c + 2 * channels)) : at(row, c));
  for (const { first, count, from } of SEQUENCES) {
    const inputs = Array.from({ length: count }, (_, i) =>
      Float32Array.from({ length: channels }, (_unused, c) => input(first + i, c)),
    );
    const seen = Array.from({ length: taps - 1 }, (_, k) =>
      from === undefined
        ? new Float32Array(channels)
        : tail.subarray((from * (taps - 1) + k) * channels, (from * (taps - 1) + k + 1) * channels),
    );
    const { sums, norms } = causalConvRef(inputs, weight, gated ? undefined : bias, seen);
    for (let i = 0; i < count; i++) {
      const row = first + i;
      const slot = ROW_SLOTS[row] ?? NO_SLOT;
      for (let c = 0; c < channels; c++) {
        const sum = sums[i]?.[c] ?? NaN;
        const tolerance = dotTolerance(taps + 1, norms[i]?.[c] ?? NaN);
        const factor = gated ? at(row, c + channels) : 1 / (1 + Math.exp(-sum));
        const value = sum * factor;
        const slope = gated ? Math.abs(factor) : 1.1;
        const ulps = 3 + 2 * Math.abs(sum) + 5;
        expectedOut[row * outStride + c] = { value, tolerance: tolerance * slope + EPS32 * ulps * Math.abs(value) };
        for (let k = 0; k < taps - 1 && slot !== NO_SLOT; k++) {
          const kept = [...seen, ...inputs][i + 1 + k]?.[c] ?? NaN;
          expectedTail[(slot * (taps - 1) + k) * channels + c] = exactly(kept);
        }
      }
    }
  }
  return [...differences(floatsOf(results[7]), expectedOut), ...differences(floatsOf(results[6]), expectedTail)];
}

/** Puts what the oracle says of one column into what is expected: states lie as [slot][size / 4][column][4]. */
function expectColumn(
  { outputs, states }: Written,
  first: number,
  column: { readonly index: number; readonly count: number; readonly outStride: number },
  out: Expected[],
  state: Expected[],
): void {
  outputs.forEach((output, i) => {
    out[(first + i) * column.outStride + column.index] = output;
    const slot = ROW_SLOTS[first + i] ?? NO_SLOT;
    const kept = states[i] ?? [];
    kept.forEach((element, e) => {
      if (slot === NO_SLOT) return;
      state[((slot * (kept.length / 4) + Math.floor(e / 4)) * column.count + column.index) * 4 + (e % 4)] = element;
    });
  });
}

async function checkScan(runner: KernelRunner, kernel: Kernel, kind: ScanKind): Promise<readonly string[]> {
  const random = seededRandom(72);
  const [channels, heads, groups, size] = [72, 6, 2, 8];
  const byHeads = kind === 'heads';
  const [xStride, outStride, gateStride, gateOffset] = [channels + 2 * groups * size + 4, channels + 4, 90, 3];
  const [deltaStride, deltaOffset] = byHeads ? [gateStride, 80] : [channels + 2 * size + 4, 0];
  const x = randomFloats(random, NUM_ROWS * xStride);
  const projected = randomFloats(random, NUM_ROWS * gateStride, 3);
  const selected = randomFloats(random, NUM_ROWS * deltaStride);
  const constants = randomFloats(random, byHeads ? 3 * heads : channels * (size + 1));
  const numDecays = byHeads ? heads : channels * size;
  for (let i = 0; i < numDecays; i++) constants[i] = -Math.abs(constants[i] ?? 0) - 0.1;
  const state = randomFloats(random, NUM_SLOTS * channels * size);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const params = packFields(SSM_SCAN_PARAMS, {
    num_channels: channels,
    num_heads: byHeads ? heads : channels,
    num_groups: byHeads ? groups : 1,
    x_stride: xStride,
    gate_stride: gateStride,
    gate_offset: gateOffset,
    delta_stride: deltaStride,
    delta_offset: deltaOffset,
    out_stride: outStride,
  });
  const bindings = [params, SPANS, ROW_SLOTS, x, projected, constants, state, out, ...(byHeads ? [] : [selected])];
  const results = await runner.run(kernel, bindings, [2, 2, 1]);
  const [expectedOut, expectedState] = [untouched(out), untouched(state)];
  for (const { first, count, from } of SEQUENCES) {
    for (let c = 0; c < channels; c++) {
      const head = Math.floor(c / (channels / heads));
      const group = Math.floor(head / (heads / groups));
      const tokens = Array.from({ length: count }, (_, i) => {
        const row = first + i;
        const [source, b, offset] = byHeads
          ? [x, row * xStride + channels + group * size, groups * size]
          : [selected, row * deltaStride + channels, size];
        const delta = byHeads
          ? Math.fround(
              (projected[row * gateStride + deltaOffset + head] ?? NaN) + (constants[2 * heads + head] ?? NaN),
            )
          : (selected[row * deltaStride + c] ?? NaN);
        return {
          x: x[row * xStride + c] ?? NaN,
          delta,
          gate: projected[row * gateStride + gateOffset + c] ?? NaN,
          b: source.subarray(b, b + size),
          c: source.subarray(b + offset, b + offset + size),
        };
      });
      const a = Array.from({ length: size }, (_, e) => constants[byHeads ? head : c * size + e] ?? NaN);
      const skip = constants[byHeads ? heads + head : channels * size + c] ?? NaN;
      const before =
        from === undefined
          ? undefined
          : a.map((_, e) => state[((from * (size / 4) + Math.floor(e / 4)) * channels + c) * 4 + (e % 4)] ?? NaN);
      const column = { index: c, count: channels, outStride };
      expectColumn(scanRef(tokens, a, skip, before), first, column, expectedOut, expectedState);
    }
  }
  return [...differences(floatsOf(results[7]), expectedOut), ...differences(floatsOf(results[6]), expectedState)];
}

async function checkDelta(runner: KernelRunner, kernel: Kernel, interleaved: boolean): Promise<readonly string[]> {
  const random = seededRandom(73);
  const [size, keyHeads, valueHeads] = [8, 2, 6];
  const columns = valueHeads * size;
  const [qkvStride, gatesStride, gatesOffset, outStride] = [2 * keyHeads * size + columns + 4, 20, 3, columns + 4];
  const perKey = valueHeads / keyHeads;
  const qkv = randomFloats(random, NUM_ROWS * qkvStride, 0.4);
  const gates = randomFloats(random, NUM_ROWS * gatesStride, 2);
  const decay = randomFloats(random, 2 * valueHeads);
  for (let v = 0; v < valueHeads; v++) decay[v] = -Math.abs(decay[v] ?? 0);
  // The second sequence goes on from a state of zeros, so that one oracle serves both.
  const state = new Float32Array(NUM_SLOTS * columns * size);
  const out = new Float32Array(NUM_ROWS * outStride).fill(UNTOUCHED);
  const scale = Math.fround(1 / Math.sqrt(size));
  const params = packFields(DELTA_RULE_PARAMS, {
    num_key_heads: keyHeads,
    num_value_heads: valueHeads,
    qkv_stride: qkvStride,
    gates_stride: gatesStride,
    beta_offset: gatesOffset,
    alpha_offset: gatesOffset + (interleaved ? valueHeads : perKey),
    interleaved: interleaved ? 1 : 0,
    out_stride: outStride,
    scale: { f32: scale },
  });
  const results = await runner.run(kernel, [params, SPANS, ROW_SLOTS, qkv, gates, decay, state, out], [1, 2, 1]);
  const [expectedOut, expectedState] = [untouched(out), untouched(state)];
  for (const { first, count } of SEQUENCES) {
    for (let c = 0; c < columns; c++) {
      const head = Math.floor(c / size);
      const keyHead = interleaved ? head % keyHeads : Math.floor(head / perKey);
      const gate = interleaved ? head : keyHead * 2 * perKey + (head % perKey);
      const tokens = Array.from({ length: count }, (_, i): DeltaToken => {
        const at = (first + i) * qkvStride;
        const gatesAt = (first + i) * gatesStride + gatesOffset + gate;
        const q = at + keyHead * size;
        const k = q + keyHeads * size;
        return {
          q: qkv.subarray(q, q + size),
          k: qkv.subarray(k, k + size),
          v: qkv[at + 2 * keyHeads * size + c] ?? NaN,
          beta: gates[gatesAt] ?? NaN,
          alpha: gates[gatesAt + (interleaved ? valueHeads : perKey)] ?? NaN,
        };
      });
      const written = deltaRuleRef(tokens, decay[head] ?? NaN, decay[valueHeads + head] ?? NaN, scale, size);
      expectColumn(written, first, { index: c, count: columns, outStride }, expectedOut, expectedState);
    }
  }
  return [...differences(floatsOf(results[7]), expectedOut), ...differences(floatsOf(results[6]), expectedState)];
}

async function checkNorm(runner: KernelRunner, kernel: Kernel, kind: number, extras: boolean) {
  const random = seededRandom(74 + kind);
  const [numParts, size, numRows, xStride, xOffset, gateStride] = [3, 12, 2, 48, 4, 40] as const;
  const x = randomFloats(random, (numRows + 1) * xStride, 0.2);
  const weight = randomFloats(random, numParts * size);
  const gate = randomFloats(random, numRows * gateStride);
  const eps = Math.fround(kind === 2 ? 0.9 : 0.02);
  const fields: Readonly<Record<(typeof NORM_PARTS_PARAMS)[number], ParamWord>> = {
    kind,
    part_words: size / 4,
    x_stride: xStride / 4,
    x_offset: xOffset / 4,
    weight_stride: size / 4,
    has_weight: extras ? 1 : 0,
    has_gate: extras ? 1 : 0,
    gate_stride: gateStride / 4,
    gate_offset: 1,
    eps: { f32: eps },
  };
  const bindings = [packFields(NORM_PARTS_PARAMS, fields), weight, gate, x];
  const results = await runner.run(kernel, bindings, [numParts, numRows, 1]);
  const expected = untouched(x);
  for (let r = 0; r < numRows; r++) {
    for (let part = 0; part < numParts; part++) {
      const at = r * xStride + xOffset + part * size;
      const squares = x.subarray(at, at + size).reduce((sum, v) => sum + v * v, 0);
      const length = kind === 0 ? Math.sqrt(squares / size + eps) : Math.sqrt(squares + eps);
      const divisor = kind === 2 ? Math.max(Math.sqrt(squares), eps) : length;
      for (let i = 0; i < size; i++) {
        const g = gate[r * gateStride + 4 + part * size + i] ?? NaN;
        const factor = extras ? (weight[part * size + i] ?? NaN) * (g / (1 + Math.exp(-g))) : 1;
        const value = ((x[at + i] ?? NaN) / divisor) * factor;
        expected[at + i] = { value, tolerance: rmsNormTolerance(size, value) + EPS32 * 12 * Math.abs(value) };
      }
    }
  }
  return differences(floatsOf(results[3]), expected);
}

describeOnAdapters((runner) => {
  it.for(['gated', 'silu'] as const)('causal_conv_f32 %s', async (kind) => {
    expect(await checkConv(runner(), causalConv(3, kind))).toEqual([]);
  });

  it.for(['heads', 'channels'] as const)('ssm_scan_f32 %s', async (kind) => {
    expect(await checkScan(runner(), ssmScan(8, kind), kind)).toEqual([]);
  });

  it.for([true, false])('delta_rule_f32, key heads interleaved %s', async (interleaved) => {
    expect(await checkDelta(runner(), deltaRule(8), interleaved)).toEqual([]);
  });

  it.for([0, 1, 2])('norm_parts_f32 of kind %i', async (kind) => {
    expect(await checkNorm(runner(), normParts, kind, false)).toEqual([]);
    expect(await checkNorm(runner(), normParts, kind, true)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['seen[k] = seen[k + 1u]', 'seen[k] = input'],
    ['span.from_slot != NO_SLOT', 'false'],
    ['if (slot != NO_SLOT)', 'if (slot == 0u)'],
    ['+ 2u * params.num_channels', '+ params.num_channels'],
  ])('finds a mistake planted in the convolution: %s -> %s', async ([right, wrong]) => {
    expect(await checkConv(runner(), planted(causalConv(3, 'gated'), right, wrong))).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['span.from_slot != NO_SLOT', 'false'],
    ['fma(t, sum, 1.0 / 3.0)', 'fma(t, sum, 0.3)'],
    ['exp(delta * constants[head_of(c)])', 'exp(constants[head_of(c)])'],
    ['group * STATE', '0u'],
    ['fma(skip, u, ', '(0.0 + '],
  ])('finds a mistake planted in the scan: %s -> %s', async ([right, wrong]) => {
    expect(await checkScan(runner(), planted(ssmScan(8, 'heads'), right, wrong), 'heads')).not.toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['m[i] *= g;', ''],
    ['head % params.num_key_heads', 'head / per_key'],
    ['* beta;', ';'],
    ['* params.scale', ''],
  ])('finds a mistake planted in the delta rule: %s -> %s', async ([right, wrong]) => {
    expect(await checkDelta(runner(), planted(deltaRule(8), right, wrong), true)).not.toEqual([]);
  });
});
