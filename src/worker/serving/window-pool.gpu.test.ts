/**
 * Layers with windows in a pool that holds little more than their windows: the bits of every row of logits are those of a pool for
 * all tokens, through prompts in chunks, decoding far beyond the window, a warm prefix, forks and truncations; and the pool takes
 * the bytes that it is said to take.
 */
import { describe, expect, it } from 'vitest';
import { TINY_SHAPE } from '../../../tools/fixtures/model-shapes.ts';
import { syntheticModel } from '../../../tools/fixtures/synthetic-model.ts';
import { openDawn } from '../../../tools/node/dawn.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { openAdapter } from '../gpu/open.ts';
import { readGgufHeader } from '../loading/gguf-header.ts';
import { ModelRunner, planModel } from '../model/runner.ts';
import { ConversationLog } from '../scheduler/conversation-log.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { tokenId, type SequenceId, type TokenId } from '../tokens.ts';
import { ChunkPacer } from './chunk-pacer.ts';
import { createScheduler } from './create-scheduler.ts';

/** Five windowed layers and one that sees all. */
const SHAPE = { ...TINY_SHAPE, architecture: 'gemma3', numLayers: 6, window: 20 } as const;
const CONTEXT = 256;
const MAX_ROWS = 16;
const BLOCK_BYTES = 32 * SHAPE.numKvHeads * SHAPE.headDim * 4;

const range = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => tokenId(((first + i) * 37 + 11) % SHAPE.vocabSize));

/** Runs sequences greedily and keeps the bits of all logits. */
class Host {
  /** By sequence and position of what is drawn. */
  readonly bits = new Map<string, string>();
  readonly scheduler: Scheduler;
  readonly #runner: ModelRunner;

  private constructor(runner: ModelRunner) {
    this.#runner = runner;
    const pacer = new ChunkPacer({ maxRows: MAX_ROWS, tileRows: 8, firstRows: 16 });
    this.scheduler = createScheduler(runner.plan.sizes, new ConversationLog(4, 4096), pacer, 0);
  }

  static async open(adapter: GPUAdapter, windowPool: boolean): Promise<Host> {
    const gpu = await openAdapter(adapter, { defaultLimits: true });
    const source = syntheticModel(SHAPE, { type: 'Q8_0', seed: 7 });
    const plan = planModel(await readGgufHeader(source), gpu, {
      contextLength: CONTEXT,
      cacheTokens: 2 * CONTEXT,
      kvLayout: 'f32',
      maxRows: MAX_ROWS,
      maxGeneratedRows: 8,
      maxLogitRows: 8,
      windowPool,
    });
    return new Host(await ModelRunner.create(gpu, source, plan));
  }

  get kv() {
    return this.#runner.plan.sizes.kv;
  }

  async step(): Promise<void> {
    const { scheduler } = this;
    const step = scheduler.step();
    if (step.batch.rows.length === 0) throw new Error('nothing to do');
    this.#runner.forward(step.batch);
    const logits = await this.#runner.readLogits(step.logitRows.length);
    const sampled = step.logitRows.map(({ id, position }, i): TokenId => {
      const row = logits[i] ?? new Float32Array(0);
      this.bits.set(`${String(id)} at ${String(position)}`, Buffer.from(row.buffer).toString('base64'));
      return tokenId(row.indexOf(Math.max(...row)));
    });
    scheduler.commit(step, sampled);
    scheduler.checkInvariants();
  }

  /** Until all of the sequences have so many tokens. */
  async until(numTokens: number, ...ids: readonly SequenceId[]): Promise<void> {
    while (ids.some((id) => this.scheduler.get(id).tokens.length < numTokens)) await this.step();
  }

  close(): void {
    this.#runner.gpu.destroy();
  }
}

/** What a conversation does to a cache, far beyond the window. */
async function converse(host: Host) {
  const { scheduler } = host;
  const first = scheduler.add({ tokens: range(0, 150) });
  await host.until(155, first);
  const known = [...scheduler.finish(first, 'stop').tokens];
  // The next turn goes on where the last one ended.
  const second = scheduler.add({ tokens: [...known, ...range(500, 20)] });
  await host.until(178, second);
  const numWarm = scheduler.get(second).numCachedTokens;
  const fork = scheduler.fork(second);
  // Beside them another text, so that early blocks of the first have to go.
  const other = scheduler.add({ tokens: range(900, 90) });
  await host.until(92, other);
  // Where the window before this token is gone, it is computed again.
  scheduler.truncate(second, 60);
  await host.until(62, second);
  for (const id of [second, fork, other]) scheduler.finish(id, 'stop');
  const third = scheduler.add({ tokens: range(0, 60) });
  await host.until(62, third);
  return { numWarm, numCold: scheduler.get(third).numCachedTokens };
}

for (const { name: adapter, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`a pool of windows ${title}`, () => {
    it('gives the bits of a pool for all tokens, in the bytes of windows', { timeout: 180_000 }, async () => {
      const { adapter: dawn } = await openDawn({ adapter });
      const [all, windows] = [
        await Host.open(dawn, false),
        await Host.open((await openDawn({ adapter })).adapter, true),
      ];
      const whole = await converse(all);
      const pooled = await converse(windows);
      // What is computed again takes steps in which others go further.
      const differing = [...all.bits].filter(([key, bits]) => windows.bits.get(key) !== bits);
      expect(differing.map(([key]) => key)).toEqual([]);
      expect(all.bits.size).toBeGreaterThan(15);
      expect(windows.bits.size).toBeGreaterThan(all.bits.size);
      // The last turn's window was there; that of the first prompt was not, or not to its end.
      expect(pooled.numWarm).toBe(154);
      expect(whole.numWarm).toBe(154);
      expect(pooled.numCold).toBeLessThan(whole.numCold);

      const numBlocks = Math.ceil((2 * CONTEXT) / 32) + 1;
      const ofWindows = Math.ceil((20 - 1 + MAX_ROWS) / 32) + 2 + 2 * (Math.ceil(20 / 32) + 1);
      expect(all.kv.sizeBytes).toBe(2 * 6 * numBlocks * BLOCK_BYTES);
      expect(windows.kv.sizeBytes).toBe(2 * (numBlocks + 5 * ofWindows) * BLOCK_BYTES);
      all.close();
      windows.close();
    });
  });
}
