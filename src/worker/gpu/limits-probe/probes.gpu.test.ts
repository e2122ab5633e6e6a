/**
 * The probes do the work that they are paid for: results are those of the same arithmetic here, eight times the work takes
 * several times as long, and a probe whose work a compiler could leave out is found.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDawn } from '../../../../tools/node/dawn.ts';
import { clockOf } from '../../../../tools/node/device-clock.ts';
import { testAdapters, titleOf } from '../../../../tools/node/test-devices.ts';
import { BLOCK_TYPES } from '../../../shaders/blocks/index.ts';
import { dequantizeRows } from '../../../shaders/blocks/dequantize.ref.ts';
import { FLOPS_PER_ITERATION, probeFma, registerBlocks } from '../../../shaders/probe/probe.ts';
import { planesOf, randomRows } from '../../../shaders/vectors/blocks.ts';
import { differences, dotTolerance } from '../../../shaders/vectors/tolerance.ts';
import { planted, seededRandom } from '../../../shaders/testing/values.ts';
import { BUFFER_USAGE, MAP_MODE_READ } from '../flags.ts';
import type { Gpu } from '../gpu.ts';
import { openAdapter } from '../open.ts';
import { measureRates } from './measure-rates.ts';
import { PROBE_INPUTS, Probes, type Probe } from './probes.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    let gpu: Gpu;
    beforeAll(async () => {
      gpu = await openAdapter((await openDawn({ adapter: name })).adapter);
    });
    afterAll(() => {
      gpu.destroy();
    });

    it('fma: 32 steps an iteration of every chain', async () => {
      const probe = await new Probes(gpu).fma({ ...PROBE_INPUTS, factor: 1, addend: 3 });
      await probe.run(5);
      const sums = new Float32Array(await read(gpu, probe.out));
      const first = Array.from({ length: 8 }, (_, chain) => 7 + chain + 5 * 32 * 3);
      expect(sums[64 + 7]).toBe(first.reduce((sum, value) => sum + value));
    });

    it('dot4: the same integers as here', async () => {
      const step = 0x01fe7f80;
      const probe = await new Probes(gpu).dot4({ ...PROBE_INPUTS, step });
      await probe.run(3);
      const results = new Int32Array(await read(gpu, probe.out));
      for (const thread of [0, 9, 63]) {
        const chains = Array.from({ length: 8 }, (_, chain) => {
          let a = thread + chain + 1;
          for (let i = 0; i < 3 * 4; i++) a = (a + dot4(a, step)) | 0;
          return a;
        });
        expect(results[thread]).toBe(chains.reduce((all, value) => all ^ value));
      }
    });

    it.each(
      (['dequantDot', 'unitDot'] as const).flatMap((way) =>
        BLOCK_TYPES.filter(({ unitWgsl }) => way === 'dequantDot' || unitWgsl !== undefined).map((type) => ({
          type,
          way,
          title: `${type.name}, ${way}`,
        })),
      ),
    )('$title: its weights times x, seed 5', async ({ type, way }) => {
      const { numGroups, numWords } = registerBlocks(type);
      const raw = randomRows(type, 1, numGroups * 32, seededRandom(5), 12);
      const { quants, scales } = planesOf(type, raw, 1, numGroups * 32);
      const words = new Uint32Array((numWords + 1) * 4);
      words.set(quants);
      words.set(scales, numWords * 4);
      const probe = await new Probes(gpu)[way](type, words, { ...PROBE_INPUTS, mask: 0, factor: 0.5 });
      if (probe === undefined) throw new Error('every type that all devices have can be in registers');
      await probe.run(2);
      const sums = new Float32Array(await read(gpu, probe.out));
      const weights = dequantizeRows(type, raw, 1, numGroups * 32);
      const expected = [0, 63].map((thread) => {
        const products = Array.from(weights, (w, i) => w * ((thread + 1 + (i % 4)) * 0.5 + Math.floor((i % 32) / 4)));
        const norm = Math.sqrt(2) * Math.hypot(...products);
        return {
          value: 2 * products.reduce((sum, product) => sum + product, 0),
          tolerance: dotTolerance(2 * products.length, norm),
        };
      });
      expect(differences([sums[0] ?? NaN, sums[63] ?? NaN], expected)).toEqual([]);
      // What is measured is not the same block over and over.
      const changing = await new Probes(gpu)[way](type, words);
      await changing?.run(2);
      const others = changing && new Float32Array(await read(gpu, changing.out));
      await changing?.run(4);
      expect(others?.[0]).toSatisfy(Number.isFinite);
      expect(changing && new Float32Array(await read(gpu, changing.out))[0]).not.toBe((others?.[0] ?? 0) * 2);
    });

    it('copies copy, all of it', async () => {
      for (const probe of [new Probes(gpu).copyCommand(3 * MIB), await new Probes(gpu).copyKernel(3 * MIB)]) {
        await probe.run(1);
        if (probe.source === undefined) throw new Error('a copy has a source');
        expect(probe.unitsPerIteration).toBe(2 * 3 * MIB);
        const [out, source] = [await read(gpu, probe.out), await read(gpu, probe.source)];
        expect(Buffer.compare(new Uint8Array(out), new Uint8Array(source))).toBe(0);
      }
    });

    it('reads read, all of it', async () => {
      const probe = await new Probes(gpu).readKernel(3 * MIB);
      await probe.run(1);
      if (probe.source === undefined) throw new Error('what is read has a source');
      const xor = (words: Uint32Array) => words.reduce((all, word) => all ^ word, 0);
      const source = new Uint32Array(await read(gpu, probe.source));
      expect(xor(new Uint32Array(await read(gpu, probe.out)))).toBe(xor(source));
      expect(xor(source)).not.toBe(0);
    });

    it('eight times the work takes several times as long; work that is not done does not', async () => {
      const probes = new Probes(gpu);
      expect(await growth(await probes.fma())).toBeGreaterThan(3);
      const idle = planted(probeFma, 'i < params.num_iterations', 'i < min(params.num_iterations, 4u)');
      expect(await growth(await probes.registers(idle, FLOPS_PER_ITERATION, PROBE_INPUTS, []))).toBeLessThan(3);
    });

    it('measures every rate that was asked for, and leaves no buffer behind', async () => {
      const before = gpu.counters.bufferBytes;
      const rates = await measureRates(gpu, {
        nowMs: () => performance.now(),
        types: ['Q4_0', 'Q6_K'],
        targetMs: 1,
        numRepeats: 2,
        memoryBytes: MIB,
      });
      expect(Object.keys(rates.dequantDotPerSecond)).toEqual(['Q4_0', 'Q6_K']);
      const all = [...Object.values(rates.dequantDotPerSecond), ...Object.values(rates.bytesPerSecond)];
      for (const rate of [...all, rates.flopsPerSecond, rates.int8OpsPerSecond]) expect(rate).toBeGreaterThan(1e6);
      expect(gpu.counters.bufferBytes).toBe(before);
    });

    it('stops when it is told to', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(measureRates(gpu, { nowMs: () => 0, signal })).rejects.toThrow('enough');
    });
  });
}

/** Best time of eight times the work, in best times of it; they take turns, so that both see the same machine. */
async function growth(probe: Probe): Promise<number> {
  // Where there is such a clock, one that stands still while others use the machine.
  const nowMs = clockOf(process.platform === 'linux' ? 'device' : 'wall');
  const amount = 40;
  const best = [Infinity, Infinity];
  for (let i = 0; i < 8; i++) {
    for (const [which, size] of [amount, 8 * amount].entries()) {
      const startMs = nowMs();
      await probe.run(size);
      best[which] = Math.min(best[which] ?? Infinity, nowMs() - startMs);
    }
  }
  return (best[1] ?? NaN) / (best[0] ?? NaN);
}

async function read(gpu: Gpu, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const staging = gpu.createBuffer('staging', buffer.size, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  gpu.device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_MODE_READ);
  const bytes = staging.getMappedRange().slice(0);
  gpu.destroyBuffer(staging);
  return bytes;
}

function dot4(a: number, b: number): number {
  const byte = (word: number, i: number) => (word << (24 - 8 * i)) >> 24;
  return [0, 1, 2, 3].reduce((sum, i) => sum + byte(a, i) * byte(b, i), 0);
}
