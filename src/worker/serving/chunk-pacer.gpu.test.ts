/**
 * On real devices: from a chunk that is far too large for it, a device comes to chunks whose longest dispatch keeps to the aim;
 * and what is estimated of that dispatch is what it takes alone. CPUs are slow enough to tell with one layer of true width.
 */
import { describe, expect, it } from 'vitest';
import { timeDispatches } from '../../../tools/bench/dispatch-times.ts';
import { batchOf, Bench } from '../../../tools/bench/measure.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { clockOf } from '../../../tools/node/device-clock.ts';
import { testAdapters, titleOf } from '../../../tools/node/test-devices.ts';
import { openAdapter } from '../gpu/open.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { ModelRunner, planModel } from '../model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../model/sizes.ts';
import { tokenId } from '../tokens.ts';
import { ChunkPacer, DISPATCH_AIM_MS, pacerFor } from './chunk-pacer.ts';

/** Of smollm2-135m, but for the vocabulary. */
const SHAPE = {
  hiddenSize: 576,
  numLayers: 1,
  numHeads: 9,
  numKvHeads: 3,
  headDim: 64,
  ffnSize: 1536,
  vocabSize: 512,
  contextLength: 2048,
  ropeTheta: 1e5,
  rmsNormEps: 1e-5,
  tiedHead: true,
};

const NUM_PROMPT = 128;
const SIZES = { ...DEFAULT_SIZE_OPTIONS, contextLength: 256, cacheTokens: 256, kvLayout: 'f32' } as const;

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    it('a chunk shrinks until its longest dispatch keeps to the aim', async () => {
      const { adapter } = await openDawn({ adapter: name });
      const gpu = await openAdapter(adapter);
      try {
        const source = syntheticModel(SHAPE, { type: 'Q4_0' });
        const plan = planModel(await readGgufHeader(source), gpu, SIZES);
        const runner = await ModelRunner.create(gpu, source, plan, { gemm: 'rows', gemv: 'rows' });
        // What other programs do to this machine is not in this clock.
        const now = clockOf('device');
        const tileRows = runner.promptTileRows;
        const pacer = new ChunkPacer({ maxRows: plan.sizes.maxRows, tileRows, firstRows: NUM_PROMPT });
        const workload = { numPrompt: NUM_PROMPT, numGenerate: 1, kvFill: 0, lateSteps: 1, computes: true };
        const bench = await Bench.create(runner, workload, now, pacer);
        const first = await bench.repeat();
        expect(first.longestDispatchMs).toBeGreaterThan(DISPATCH_AIM_MS);
        const { chunkRows: rows, longestDispatchMs = NaN } = await bench.repeat();
        expect(longestDispatchMs).toBeLessThan(DISPATCH_AIM_MS);
        expect(rows).toBeLessThan(NUM_PROMPT);
        expect(rows).toBeGreaterThanOrEqual(tileRows);
        // The product begins with less where nothing is known yet.
        expect(pacerFor(runner).rows).toBeLessThan(64);
        // The same dispatch alone: the largest's part of the products of prompt rows, which are one kernel.
        const tokens = Array.from({ length: rows }, (_, i) => tokenId(i));
        const times = await timeDispatches(runner, batchOf(0, tokens, 'prompt', false), now);
        const products = times.find(({ kernel }) => kernel.startsWith('linear_gemm'));
        const { ms = NaN, multiplyAdds = NaN } = products ?? {};
        const aloneMs = (ms * rows * SHAPE.hiddenSize * 2 * SHAPE.ffnSize) / multiplyAdds;
        expect(longestDispatchMs / aloneMs).toBeGreaterThan(1 / 2);
        // What the step takes besides products counts as if it were products.
        expect(longestDispatchMs / aloneMs).toBeLessThan(3);
      } finally {
        gpu.destroy();
      }
    });
  });
}
