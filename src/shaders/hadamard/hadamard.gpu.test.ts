/** The transform against its definition, for blocks within a chunk and of many chunks; padding and other rows stay. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, hadamardTolerance, type Expected } from '../vectors/tolerance.ts';
import { planted, randomFloats, seededRandom, UNTOUCHED } from '../testing/values.ts';
import { HADAMARD_PARAMS, chunkElements, hadamard } from './hadamard.ts';
import { hadamardRef } from './hadamard.ref.ts';

const NUM_ROWS = 3;
const CASES = [
  { blockElements: 4, numBlocks: 15 },
  { blockElements: 8, numBlocks: 3 },
  { blockElements: 16, numBlocks: 5 },
  { blockElements: 32, numBlocks: 7 },
  { blockElements: 64, numBlocks: 9 },
  { blockElements: 512, numBlocks: 5 },
];

async function check(runner: KernelRunner, kernel: Kernel, blockElements: number, numBlocks: number) {
  const width = blockElements * numBlocks;
  const stride = width + 8;
  const chunk = chunkElements(blockElements);
  const numChunks = width / chunk;
  const x = randomFloats(seededRandom(blockElements), NUM_ROWS * stride);
  const params = packFields(HADAMARD_PARAMS, {
    num_chunks: numChunks,
    num_parts: blockElements / chunk,
    stride,
    scale: { f32: 1 / Math.sqrt(blockElements) },
  });
  const out = new Float32Array(NUM_ROWS * stride).fill(UNTOUCHED);
  const results = await runner.run(kernel, [params, x, out], [Math.ceil(numChunks / 64), NUM_ROWS, 1]);
  const expected = Array.from({ length: NUM_ROWS }, (_, r) => {
    const row = x.subarray(r * stride, r * stride + width);
    const transformed = Array.from(hadamardRef(row, blockElements), (value, e): Expected => {
      const block = row.subarray(e - (e % blockElements), e - (e % blockElements) + blockElements);
      return { value, tolerance: hadamardTolerance(blockElements, Math.hypot(...block)) };
    });
    return [...transformed, ...new Array<Expected>(stride - width).fill(exactly(UNTOUCHED))];
  }).flat();
  return differences(new Float32Array(results[2] ?? new ArrayBuffer(0)), expected);
}

describeOnAdapters((runner) => {
  it.for(CASES)('$numBlocks blocks of $blockElements', async ({ blockElements, numBlocks }) => {
    expect(await check(runner(), hadamard(blockElements), blockElements, numBlocks)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['vec4<f32>(sign)', 'vec4<f32>(1.0)'],
    ['(first + j) * QUADS', '(chunk & j) * QUADS'],
    ['pairs.xy - pairs.zw', 'pairs.xy + pairs.zw'],
    ['stride < QUADS', 'stride < QUADS / 2u'],
    ['chunk >= params.num_chunks', 'chunk > params.num_chunks'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    expect(await check(runner(), planted(hadamard(64), right, wrong), 64, 9)).not.toEqual([]);
  });
});
