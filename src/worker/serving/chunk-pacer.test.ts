import { describe, expect, it } from 'vitest';
import { ChunkPacer } from './chunk-pacer.ts';

describe('ChunkPacer', () => {
  it('grows to the most rows on a quick device and not beyond', () => {
    const pacer = new ChunkPacer(300);
    expect(pacer.rows).toBe(64);
    for (let i = 0; i < 10; i++) pacer.observe(pacer.rows, 5);
    expect(pacer.rows).toBe(300);
  });

  it('does not grow on a step that was not full', () => {
    const pacer = new ChunkPacer(512);
    pacer.observe(3, 1);
    expect(pacer.rows).toBe(64);
  });

  it('settles where a step takes less than the target', () => {
    const pacer = new ChunkPacer(512);
    const msPerRow = 20;
    for (let i = 0; i < 20; i++) pacer.observe(pacer.rows, pacer.rows * msPerRow);
    expect(pacer.rows).toBe(8);
    const quicker = new ChunkPacer(512);
    for (let i = 0; i < 20; i++) quicker.observe(quicker.rows, quicker.rows * 1.5);
    expect(quicker.rows * 1.5).toBeLessThan(200);
    expect(quicker.rows).toBeGreaterThan(32);
  });
});
