/** After the warm-up a step of decoding makes nothing: one submit, no buffer, no bind group, no pipeline, no shader. */
import { describe, expect, it, vi } from 'vitest';
import { syntheticBytes } from '../../../tools/fixtures/synthetic-model.ts';
import { MODEL_SHAPES } from '../../../tools/fixtures/model-shapes.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { testAdapters, titleOf } from '../../../tools/node/test-devices.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import { blockId, tokenId, type TokenClass } from '../tokens.ts';
import type { ModelRunner } from './runner.ts';
import { openTinyModel } from './testing/tiny-model.ts';

const MAKERS = [
  'createBuffer',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
] as const;
const NUM_STEPS = 40; // across a block's end

function forward(runner: ModelRunner, first: number, count: number, tokenClass: TokenClass): void {
  const length = first + count;
  const rows = Array.from({ length: count }, (_, i) => ({
    sequence: 0,
    token: tokenId((7 * (first + i)) % 256),
    position: first + i,
    tokenClass,
    wantLogits: i === count - 1,
  }));
  runner.forward({
    sequences: [{ blockTable: [3, 1, 2].map(blockId).slice(0, Math.ceil(length / 32)), length }],
    rows,
    copies: [],
  });
}

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    it('decodes without making anything', async () => {
      const shape = { ...MODEL_SHAPES.stories260k, numLayers: 2 };
      const { adapter } = await openDawn({ adapter: name });
      const runner = await openTinyModel(adapter, bufferSource(await syntheticBytes(shape, { type: 'Q4_0' })), {});
      const { device, counters } = runner.gpu;
      forward(runner, 0, 20, 'prompt');
      forward(runner, 20, 1, 'generated');
      const submit = vi.spyOn(device.queue, 'submit');
      const makers = MAKERS.map((method) => vi.spyOn(device, method));
      const before = { ...counters };
      for (let i = 1; i <= NUM_STEPS; i++) forward(runner, 20 + i, 1, 'generated');
      expect(submit).toHaveBeenCalledTimes(NUM_STEPS);
      makers.forEach((maker, i) => expect(maker, MAKERS[i]).not.toHaveBeenCalled());
      expect(counters.numSubmits - before.numSubmits).toBe(NUM_STEPS);
      expect(counters.numBuffersCreated).toBe(before.numBuffersCreated);
      expect(counters.numBindGroupsCreated).toBe(before.numBindGroupsCreated);
      expect(counters.bufferBytes).toBe(before.bufferBytes);
      expect(counters.numGeneratedRows - before.numGeneratedRows).toBe(NUM_STEPS);
      // Control: what a read-back makes is seen.
      await runner.readLogits(1);
      expect(makers[0]).toHaveBeenCalledTimes(1);
      expect(submit).toHaveBeenCalledTimes(NUM_STEPS + 1);
      runner.gpu.destroy();
    });
  });
}
