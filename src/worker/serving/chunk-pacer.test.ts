/** Chunks of a prompt on simulated devices whose times are known. */
import { describe, expect, it } from 'vitest';
import { ChunkPacer, DISPATCH_AIM_MS, STEP_AIM_MS, type Pacing } from './chunk-pacer.ts';

interface Device {
  readonly msPerProduct: number;
  /** Of each step, whatever its rows. */
  readonly overheadMs?: number;
}

/** A model by its products of a row: the largest, all others together, and those of the head. */
interface Model {
  readonly largest: number;
  readonly others: number;
  readonly head?: number;
}

const PACING: Pacing = { maxRows: 512, tileRows: 8, firstRows: 64 };

/** A step as a device would take it, whole tiles computed. @returns true times of the step and its largest dispatch */
function step(pacer: ChunkPacer, { msPerProduct, overheadMs = 0 }: Device, model: Model, numRows = pacer.rows) {
  const { largest, others, head = 0 } = model;
  const numComputed = Math.ceil(numRows / PACING.tileRows) * PACING.tileRows;
  const prompt = numComputed * (largest + others);
  const work = { total: prompt + head, prompt, longest: numComputed * largest };
  const ms = work.total * msPerProduct + overheadMs;
  pacer.observe(numRows, work, ms);
  return { ms, longestMs: work.longest * msPerProduct };
}

function settle(device: Device, model: Model, pacing = PACING) {
  const pacer = new ChunkPacer(pacing);
  for (let i = 0; i < 20; i++) step(pacer, device, model);
  const { rows } = pacer;
  return { rows, ...step(pacer, device, model) };
}

const MANY_LAYERS: Model = { largest: 9e6, others: 350e6 };
const ONE_LAYER: Model = { largest: 9e6, others: 6e6 };

describe('the rows of a chunk', () => {
  it('grow to the most on a quick device and not beyond', () => {
    expect(settle({ msPerProduct: 1e-12 }, MANY_LAYERS).rows).toBe(512);
    expect(settle({ msPerProduct: 1e-12 }, MANY_LAYERS, { ...PACING, maxRows: 300 }).rows).toBe(300);
  });

  it.each([1.5, 2, 5, 10, 20])(
    'settle where no dispatch exceeds its aim: one layer, %f products a nanosecond',
    (rate) => {
      const { rows, ms, longestMs } = settle({ msPerProduct: 1e-6 / rate }, ONE_LAYER);
      expect(longestMs).toBeLessThanOrEqual(DISPATCH_AIM_MS);
      expect(ms).toBeLessThanOrEqual(STEP_AIM_MS);
      // And use what they may: less than two fifths only where the next size is beyond it, or there is nothing smaller.
      if (rows > 8 && rows < 512) expect(longestMs).toBeGreaterThan(0.35 * DISPATCH_AIM_MS);
    },
  );

  it('settle where the step keeps to its aim: many layers, of which each dispatch is a small part', () => {
    const { ms, longestMs } = settle({ msPerProduct: 1e-8 }, MANY_LAYERS);
    expect(ms).toBeLessThanOrEqual(STEP_AIM_MS);
    expect(ms).toBeGreaterThan(0.35 * STEP_AIM_MS);
    expect(longestMs).toBeLessThan(DISPATCH_AIM_MS / 5);
  });

  it('shrink at once, from 512 to what fits, and not below a tile', () => {
    const device = { msPerProduct: 2e-7 };
    const pacer = new ChunkPacer({ ...PACING, firstRows: 512 });
    expect(step(pacer, device, ONE_LAYER).longestMs).toBeGreaterThan(10 * DISPATCH_AIM_MS);
    expect(step(pacer, device, ONE_LAYER).longestMs).toBeLessThanOrEqual(DISPATCH_AIM_MS);
    expect(settle({ msPerProduct: 1e-3 }, ONE_LAYER).rows).toBe(8);
    expect(settle({ msPerProduct: 1e-3 }, ONE_LAYER, { ...PACING, tileRows: 32 }).rows).toBe(32);
  });

  it('shrink as attention grows with the text before', () => {
    const device = { msPerProduct: 5e-8 };
    const pacer = new ChunkPacer(PACING);
    let rows = 0;
    for (let keys = 0; keys < 30_000; keys += pacer.rows) {
      rows = pacer.rows;
      const { longestMs } = step(pacer, device, { largest: Math.max(9e6, keys * 2 * 2048), others: 6e6 });
      // One step late at most: attention grows by a chunk's keys in between.
      expect(longestMs).toBeLessThan(1.3 * DISPATCH_AIM_MS);
    }
    expect(rows).toBe(8);
  });

  it('do not follow a step that was not full, nor a head that takes long', () => {
    const pacer = new ChunkPacer(PACING);
    step(pacer, { msPerProduct: 1e-12 }, ONE_LAYER, 3);
    expect(pacer.rows).toBe(64);
    step(pacer, { msPerProduct: 2e-8 }, { ...ONE_LAYER, head: 20e9 }, 3);
    expect(pacer.rows).toBe(64);
  });

  it('say what the longest dispatch is taken to be', () => {
    const pacer = new ChunkPacer(PACING);
    expect(pacer.longestDispatchMs).toBeUndefined();
    const { longestMs } = step(pacer, { msPerProduct: 1e-8 }, { ...ONE_LAYER, head: 1e9 });
    expect(pacer.longestDispatchMs).toBeCloseTo(longestMs);
  });
});
