/** The check of norms of parts of rows, of every kind, with and without weight and gate. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import { NORM_PARTS_PARAMS, PART_NORMS, type PartNorm } from '../recurrent/norm-parts.ts';
import { packParams, type KernelCheck } from './check.ts';
import { plainCheck, type PlainRun } from './plain-check.ts';
import { activationTolerance, exactly, rmsNormTolerance, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom } from './values.ts';

const [NUM_PARTS, SIZE, NUM_ROWS, X_STRIDE, X_OFFSET, GATE_STRIDE, GATE_OFFSET] = [3, 12, 2, 48, 4, 40, 4];

export function normPartsCheck(kernel: Kernel): KernelCheck {
  return plainCheck(
    kernel,
    PART_NORMS.flatMap((kind) => [runOf(kind, false), runOf(kind, true)]),
  );
}

function runOf(kind: PartNorm, extras: boolean): PlainRun {
  const random = seededRandom(74);
  const x = randomFloats(random, (NUM_ROWS + 1) * X_STRIDE, 0.2);
  const weight = randomFloats(random, NUM_PARTS * SIZE);
  const gate = randomFloats(random, NUM_ROWS * GATE_STRIDE);
  // So large that it counts; of lengths at least that, some are below.
  const eps = Math.fround(kind === 'lengthAtLeast' ? 0.6 : 0.02);
  const params = packParams(
    NORM_PARTS_PARAMS,
    {
      kind: PART_NORMS.indexOf(kind),
      part_words: SIZE / 4,
      x_stride: X_STRIDE / 4,
      x_offset: X_OFFSET / 4,
      weight_stride: SIZE / 4,
      has_weight: extras ? 1 : 0,
      has_gate: extras ? 1 : 0,
      gate_stride: GATE_STRIDE / 4,
      gate_offset: GATE_OFFSET / 4,
      eps,
    },
    ['eps'],
  );
  const expected: Expected[] = Array.from(x, exactly);
  for (let r = 0; r < NUM_ROWS; r++) {
    for (let part = 0; part < NUM_PARTS; part++) {
      const at = r * X_STRIDE + X_OFFSET + part * SIZE;
      const squares = x.subarray(at, at + SIZE).reduce((sum, v) => sum + v * v, 0);
      const divisor = {
        rms: Math.sqrt(squares / SIZE + eps),
        length: Math.sqrt(squares + eps),
        lengthAtLeast: Math.max(Math.sqrt(squares), eps),
      }[kind];
      for (let i = 0; i < SIZE; i++) {
        const normed = ((x[at + i] ?? NaN) / divisor) * (extras ? (weight[part * SIZE + i] ?? NaN) : 1);
        const g = extras ? (gate[r * GATE_STRIDE + GATE_OFFSET + part * SIZE + i] ?? NaN) : 0;
        const value = extras ? normed * (g / (1 + Math.exp(-g))) : normed;
        const gating = extras ? activationTolerance('silu', g, normed, value) : 0;
        expected[at + i] = { value, tolerance: rmsNormTolerance(SIZE, value) + gating };
      }
    }
  }
  return {
    bindings: [params, weight, gate, x],
    workgroups: [NUM_PARTS, NUM_ROWS, 1],
    outputs: [{ binding: 3, expected }],
  };
}
