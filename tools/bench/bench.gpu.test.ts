/** The benchmark runs, and what it counts per token is what the design promises. */
import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { openDawn } from '../node/dawn.ts';
import { testAdapters, titleOf } from '../node/test-devices.ts';
import { readBenchArguments } from './arguments.ts';
import { measureKvFill } from './measure-kv-fill.ts';
import { runBench } from './run.ts';

it('decodes as the product does: no step but the first waits for the token before it', async () => {
  const waitsOf = async (lateSteps: 0 | 1) => {
    const argv = `--shape stories260k --prompt 5 --generate 8 --repeat 2 --late-steps ${String(lateSteps)} --adapter null`;
    return (await runBench(readBenchArguments(argv.split(' ')), argv)).perToken.numWaits;
  };
  expect(await waitsOf(1)).toBe(1 / 8);
  expect(await waitsOf(0)).toBe(1);
});

it('a token behind 2 048 others takes the same dispatches and weights as behind 128, and 1 920 keys and values more', async () => {
  const { adapter } = await openDawn({ adapter: 'null' });
  const gpu = await openAdapter(adapter);
  const source = syntheticModel({ ...MODEL_SHAPES['smollm2-135m'], numLayers: 2 }, { type: 'Q4_0' });
  const sizes = { ...DEFAULT_SIZE_OPTIONS, contextLength: 2080, cacheTokens: 2080, kvLayout: 'f16' } as const;
  const runner = await ModelRunner.create(gpu, source, planModel(await readGgufHeader(source), gpu, sizes));
  const options = { fills: [128, 2048], numGenerate: 3, numRounds: 1, computes: false };
  const [few, many] = await measureKvFill(runner, options, () => 0);
  gpu.destroy();
  expect(many?.decode.numDispatches).toBe(few?.decode.numDispatches);
  expect(many?.decode.weightBytesRead).toBe(few?.decode.weightBytesRead);
  const { numKvHeads, headDim } = MODEL_SHAPES['smollm2-135m'];
  const tokenBytes = 2 * 2 * numKvHeads * headDim * 2; // layers, keys and values, halves
  expect((many?.decode.kvBytesRead ?? 0) - (few?.decode.kvBytesRead ?? 0)).toBe(3 * (2048 - 128) * tokenBytes);
});

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    it('one submit a token, nothing created, at least every weight of a layer read', async () => {
      const argv = `--shape stories260k --type F32 --layers 1 --prompt 5 --generate 3 --kv-fill 40 --repeat 1 --adapter ${name}`;
      const report = await runBench(readBenchArguments(argv.split(' ')), argv);
      expect(report.perToken).toMatchObject({ numSubmits: 1, numBuffersCreated: 0, numBindGroupsCreated: 0 });
      const layer = 64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 172;
      expect(report.perToken.weightBytesRead).toBeGreaterThan(4 * (layer + 512 * 64));
      expect(report.perToken.weightBytesRead).toBeLessThan(1.3 * 4 * (layer + 512 * 64));
      expect(report.perToken.numDispatches).toBeGreaterThan(5);
      expect(report.perToken.numDispatches).toBeLessThan(25);
      expect(report.decodeTokensPerSecond.min).toBeGreaterThan(0);
      expect(report.peakBufferBytes).toBeGreaterThan(layer * 4);
      expect(report.device?.limits.decode).toBeGreaterThan(0);
      expect(report.device?.decodeShare).toBeGreaterThan(0);
      expect(report.device?.decodeShare).toBeLessThan(1);
    });
  });
}
