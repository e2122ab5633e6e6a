/**
 * The check of what puts chunks of attention together: rows that end in the first, the middle and the last chunk; chunks
 * behind a row's end hold poison. With or without sinks. Runs nothing.
 */
import { NO_WINDOW, REDUCE_PARAMS } from '../attention/attention.ts';
import type { Kernel } from '../kernel.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck } from './plain-check.ts';
import { EPS32, exactly, type Expected } from './tolerance.ts';
import { randomFloats, seededRandom, signed, UNTOUCHED } from './values.ts';

const [NUM_HEADS, HEAD_DIM, CHUNK, MAX_CHUNKS] = [3, 20, 8, 4];
const POSITIONS = [0, 7, 8, 31];
const NUM_PROMPT = 1;
const POISON = 30000;

export function reduceCheck(kernel: Kernel): KernelCheck {
  const random = seededRandom(151);
  const numParts = POSITIONS.length * NUM_HEADS * MAX_CHUNKS;
  const partOut = randomFloats(random, numParts * HEAD_DIM, 100);
  const stats = Float32Array.from({ length: numParts * 2 }, (_, i) =>
    i % 2 === 0 ? signed(random, 2) : 1 + CHUNK * random(),
  );
  const sinks = Float32Array.from({ length: NUM_HEADS }, () => signed(random, 2));
  const isSeen = (row: number, chunk: number) => chunk * CHUNK <= (POSITIONS[row] ?? 0);
  for (let part = 0; part < numParts; part++) {
    if (isSeen(Math.floor(part / NUM_HEADS / MAX_CHUNKS), part % MAX_CHUNKS)) continue;
    partOut.fill(POISON, part * HEAD_DIM, (part + 1) * HEAD_DIM);
    stats.fill(POISON, part * 2, part * 2 + 2);
  }
  const hasSinks = kernel.bindings.length > 6;
  const stride = NUM_HEADS * HEAD_DIM + 4;
  const out = new Float32Array((NUM_PROMPT + POSITIONS.length + 1) * stride).fill(UNTOUCHED);
  const expected: Expected[] = Array.from(out, exactly);
  POSITIONS.forEach((_, row) => {
    for (let head = 0; head < NUM_HEADS; head++) {
      const base = (row * NUM_HEADS + head) * MAX_CHUNKS;
      const chunks = Array.from({ length: MAX_CHUNKS }, (_unused, c) => c).filter((c) => isSeen(row, c));
      const topOf = (c: number) => stats[(base + c) * 2] ?? NaN;
      const sink = hasSinks ? (sinks[head] ?? NaN) : -Infinity;
      const top = Math.max(sink, ...chunks.map(topOf));
      const weights = chunks.map((c) => Math.exp(topOf(c) - top));
      const sum = chunks.reduce((total, c, i) => total + (weights[i] ?? NaN) * (stats[(base + c) * 2 + 1] ?? NaN), 0);
      for (let e = 0; e < HEAD_DIM; e++) {
        const products = chunks.map((c, i) => (weights[i] ?? NaN) * (partOut[(base + c) * HEAD_DIM + e] ?? NaN));
        const value = products.reduce((a, b) => a + b, 0) / (sum + Math.exp(sink - top));
        const size = products.reduce((a, b) => a + Math.abs(b), 0) / sum;
        // exp of differences up to 12 is off by 27 ulp, above and below the line, that of the sink once more; then a few roundings.
        expected[(NUM_PROMPT + row) * stride + head * HEAD_DIM + e] = { value, tolerance: 96 * EPS32 * size };
      }
    }
  });
  const positions = [99, ...POSITIONS];
  const rows = Uint32Array.from(positions.flatMap((position) => [0, position, 0, 0]));
  const params = packParams(
    REDUCE_PARAMS,
    {
      num_heads: NUM_HEADS,
      head_words: HEAD_DIM / 4,
      chunk: CHUNK,
      max_chunks: MAX_CHUNKS,
      out_stride: stride,
      all_rows: 0,
      window: NO_WINDOW,
    },
    [],
  );
  const step = packStepRows(NUM_PROMPT, POSITIONS.length);
  return plainCheck(kernel, [
    {
      bindings: [step, params, partOut, stats, rows, out, ...(hasSinks ? [sinks] : [])],
      workgroups: [1, POSITIONS.length, 1],
      outputs: [{ binding: 5, expected }],
    },
  ]);
}
