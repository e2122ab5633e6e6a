/**
 * What a quantised cache costs on real weights, in exact arithmetic, and what the transform is good for. Heads of 8 elements
 * are the hardest case there is: a scale for every 8, and nothing to spread an outlier over.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KvBlockLayout } from '../../src/shaders/lib/kv-layout.ts';
import { reference } from '../fixtures/text.ts';
import { nodeFileSource } from '../node/file-source.ts';
import { readGolden } from '../parity/golden.ts';
import { lossOf, lossyGolden } from '../parity/lossy-golden.ts';
import { keptIn } from './kept.ts';

const missing = 'missing' in reference ? ` (skipped: ${reference.missing})` : '';
const folder = 'folder' in reference ? reference.folder : '';

/** Of the shorter two prompts: 8 and 69 tokens. */
async function rmsOf(layout: KvBlockLayout, transform: boolean): Promise<number> {
  const golden = readGolden(join(folder, 'goldens', 'stories260K-f32.json'));
  const short = { ...golden, prompts: golden.prompts.slice(0, 2) };
  const source = await nodeFileSource(join(folder, 'models', golden.model));
  const error = lossOf(await lossyGolden(short, source, { keep: keptIn(layout, transform) }), short);
  await source.close();
  expect(error.count).toBeGreaterThan(500);
  return error.rms;
}

describe.skipIf(missing !== '')(`a quantised cache on stories260K${missing}`, () => {
  it.each(['q8_0', 'q4_0'] as const)(
    '%s errs less with the transform than without',
    { timeout: 120_000 },
    async (layout) => {
      expect(await rmsOf(layout, true)).toBeLessThan(await rmsOf(layout, false));
    },
  );

  it('q8_0 errs several times less than q4_0, and not by nothing', { timeout: 120_000 }, async () => {
    const [q8, q4] = [await rmsOf('q8_0', true), await rmsOf('q4_0', true)];
    expect(q8).toBeLessThan(0.1);
    expect(q8).toBeGreaterThan(0.01);
    expect(q4).toBeGreaterThan(8 * q8);
  });
});
