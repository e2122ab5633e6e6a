/** Texts beside the sequences: computed right among them, given up for them, and never in their way. */
import { describe, expect, it } from 'vitest';
import type { TokenId } from '../tokens.ts';
import type { Aside } from './aside.ts';
import { expectedKv, makeRig, tokenRange, type RigOptions } from './testing/fake-forward.ts';

const KINDS: readonly (readonly [string, RigOptions])[] = [
  ['keys and values', {}],
  ['states', { numSlots: 4 }],
  ['windows', { window: 20, numWindowBlocks: 12 }],
];

/** Runs a text in chunks, and a step of the sequences before each; tells how often it began. */
function runBeside({ scheduler, forward, step }: ReturnType<typeof makeRig>, tokens: readonly TokenId[]) {
  let aside: Aside | undefined;
  let numBegun = 0;
  let numRefused = 0;
  for (let left = 1000; aside?.isHeld !== true || aside.numComputed < tokens.length; left--) {
    if (left === 0) throw new Error('the text does not get on');
    step();
    if (aside?.isHeld !== true) {
      aside = scheduler.beginAside(tokens);
      if (aside === undefined) numRefused += 1;
      else numBegun += 1;
    }
    if (aside === undefined) continue;
    const batch = aside.next(Math.min(7, tokens.length - aside.numComputed));
    if (batch !== undefined) expect(forward.run(batch)).toEqual([]);
    scheduler.checkInvariants();
  }
  const kv = forward.kvAt(aside.blockTable, tokens.length - 1);
  aside.end();
  scheduler.checkInvariants();
  return { kv, numBegun, numRefused };
}

describe.each(KINDS)('a text beside sequences: %s', (_, options) => {
  const text = tokenRange(500, 60);
  const kv = expectedKv(text, []).at(-1);

  it('is computed right, and leaves nothing', () => {
    const rig = makeRig({ ...options, prefillChunkTokens: 16 });
    const alone = makeRig({ ...options, prefillChunkTokens: 16 });
    const ids = [0, 100].map((first) => rig.scheduler.add({ tokens: tokenRange(first, 30) }));
    const same = [0, 100].map((first) => alone.scheduler.add({ tokens: tokenRange(first, 30) }));
    expect(runBeside(rig, text)).toEqual({ kv, numBegun: 1, numRefused: 0 });
    expect(ids.map((id) => rig.generate(id, 20))).toEqual(same.map((id) => alone.generate(id, 20)));
    const again = rig.scheduler.add({ tokens: text });
    rig.step();
    expect(rig.scheduler.get(again).numCachedTokens).toBe(0);
    expect(runBeside(rig, text)).toMatchObject({ kv });
  });

  it('gives way to sequences that grow, and waits for them', () => {
    // Ten blocks: one sequence that ends with eight, and a text of four.
    const rig = makeRig({ ...options, numBlocks: 10 });
    const id = rig.scheduler.add({ tokens: tokenRange(0, 60) });
    const [first, alone] = [rig.scheduler.beginAside(text), makeRig({ ...options, numBlocks: 10 })];
    const same = alone.scheduler.add({ tokens: tokenRange(0, 60) });
    expect(first?.isHeld).toBe(true);
    while (rig.scheduler.get(id).numTokens < 110) rig.step();
    expect(first?.isHeld).toBe(false);
    expect(rig.scheduler.beginAside(text)).toBeUndefined();
    expect(rig.generate(id, 60)).toEqual(alone.generate(same, 60));
    expect(runBeside(rig, text)).toMatchObject({ kv, numBegun: 1 });
  });

  it('is over when the cache is lost', () => {
    const rig = makeRig(options);
    const aside = rig.scheduler.beginAside(text);
    rig.scheduler.loseCache();
    expect(aside?.isHeld).toBe(false);
    rig.scheduler.checkInvariants();
    expect(runBeside(rig, text)).toMatchObject({ kv });
  });
});
