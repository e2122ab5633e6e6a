/** What recurrent states are kept for: the next turn, the same prompt again, a fork, an end within a run of right guesses. */
import { describe, expect, it } from 'vitest';
import type { TokenId } from '../tokens.ts';
import { StateSlots } from './state-slots.ts';
import { LateHost, makeRig, tokenRange, tokensOf } from './testing/fake-forward.ts';

const rig = (numSlots = 8) => makeRig({ numSlots, prefillChunkTokens: 64, maxRowsPerStep: 64 });

/** The next tokens of a run alone. */
function continuation(prompt: readonly TokenId[], count: number): readonly TokenId[] {
  const { scheduler, generate } = rig();
  return generate(scheduler.add({ tokens: prompt }), count).slice(prompt.length);
}

describe('recurrent states in the scheduler', () => {
  it('a turn goes on from the state behind the turn before: only what is new is computed', () => {
    const { scheduler, generate, step } = rig();
    const conversation = 'c';
    const first = generate(scheduler.add({ tokens: tokenRange(0, 40), conversation }), 10);
    const { started, batch } = ((): ReturnType<typeof step> => {
      scheduler.add({ tokens: [...first, ...tokenRange(500, 7)], conversation });
      return step();
    })();
    // The last token of the turn was drawn and not computed.
    expect(started[0]?.numCachedTokens).toBe(first.length - 1);
    expect(batch.rows.length).toBe(8);
  });

  it('the same prompt again computes its last token alone', () => {
    const { scheduler, generate, step } = rig();
    const [prompt] = [tokenRange(0, 40)];
    const first = generate(scheduler.add({ tokens: prompt }), 5);
    const again = scheduler.add({ tokens: prompt });
    expect(step().batch.rows.length).toBe(1);
    expect(generate(again, 5)).toEqual(first);
  });

  it.each([13, 20, 39])('and so it does when the prompt came in chunks of %i', (prefillChunkTokens) => {
    const { scheduler, generate, step } = makeRig({ numSlots: 8, prefillChunkTokens });
    const prompt = tokenRange(0, 40);
    const first = generate(scheduler.add({ tokens: prompt }), 5);
    const again = scheduler.add({ tokens: [...prompt, ...tokensOf(7)] });
    // It does not go on as the first one did: all but the last token of that prompt is of use.
    expect(step().started[0]?.numCachedTokens).toBe(39);
    scheduler.abort(again);
    expect(generate(scheduler.add({ tokens: prompt }), 5)).toEqual(first);
  });

  it('a prompt that leaves another in the middle is computed from the start: a state cannot be cut', () => {
    const { scheduler, generate, step } = rig();
    generate(scheduler.add({ tokens: tokenRange(0, 40) }), 5);
    scheduler.add({ tokens: [...tokenRange(0, 32), ...tokensOf(900)] });
    expect(step().batch.rows.length).toBe(33);
  });

  it('a long prompt leaves states on its way, which others that begin like it go on from', () => {
    const { scheduler, generate, step } = makeRig({ numSlots: 8, maxRowsPerStep: 300, prefillChunkTokens: 300 });
    generate(scheduler.add({ tokens: tokenRange(0, 800) }), 2);
    scheduler.add({ tokens: [...tokenRange(0, 700), ...tokensOf(999)] });
    expect(step().started[0]?.numCachedTokens).toBe(600);
  });

  it('a fork shares the state until one of them goes on, and both are as if alone', () => {
    const { scheduler, generate, step } = rig();
    const id = scheduler.add({ tokens: tokenRange(0, 20) });
    step();
    const child = scheduler.fork(id);
    const { batch } = step();
    const [one, other] = batch.sequences.map(({ states }) => states);
    expect(one?.from).toBe(other?.from);
    expect(new Set([one?.to[0], other?.to[0]]).size).toBe(2);
    const expected = [...tokenRange(0, 20), ...continuation(tokenRange(0, 20), 6)];
    expect(generate(id, 6)).toEqual(expected);
    expect(generate(child, 6)).toEqual(expected);
  });

  it('a wrong guess costs nothing but its row: the state behind the last right one is taken', () => {
    const { scheduler, step } = rig(16);
    const prompt = tokenRange(0, 20);
    const [first, ...right] = continuation(prompt, 8);
    const id = scheduler.add({ tokens: prompt });
    step();
    const { batch } = step(() => [...right.slice(0, 3), ...tokensOf(998, 999)]);
    expect(batch.sequences[0]?.states?.to.every((slot) => slot !== undefined)).toBe(true);
    expect(scheduler.get(id).tokens.slice(20)).toEqual([first, ...right.slice(0, 4)]);
    const before = scheduler.counters.numGeneratedRows;
    step();
    expect(scheduler.counters.numGeneratedRows - before).toBe(1);
    expect(scheduler.get(id).tokens.slice(20)).toEqual([first, ...right.slice(0, 5)]);
  });

  it('an end within a run of right guesses leaves the state of that end for the next turn', () => {
    const { scheduler, step } = rig(16);
    const prompt = tokenRange(0, 20);
    const right = continuation(prompt, 8).slice(1);
    const id = scheduler.add({ tokens: prompt });
    step();
    step(() => right.slice(0, 5));
    scheduler.truncate(id, 23);
    expect(scheduler.get(id).numComputed).toBe(22);
    const { tokens, classes } = scheduler.finish(id, 'stop');
    scheduler.add({ tokens: [...tokens, ...tokensOf(7)], classes: [...classes, 'prompt'] });
    expect(step().started[0]?.numCachedTokens).toBe(22);
  });

  it('no slot is guessed away: with two there is none for a draft', () => {
    const { scheduler, step } = rig(2);
    scheduler.add({ tokens: tokenRange(0, 20) });
    step();
    step();
    expect(step(() => tokensOf(1, 2, 3)).batch.rows.length).toBeLessThanOrEqual(2);
  });

  it('a truncation to where no state is goes back to the longest snapshot, or to the start', () => {
    const { scheduler, generate, step } = rig();
    const prompt = tokenRange(0, 40);
    const id = scheduler.add({ tokens: prompt });
    for (let i = 0; i < 5; i++) step();
    scheduler.truncate(id, 43);
    expect(scheduler.get(id).numComputed).toBe(39); // behind all but the last token of the prompt
    scheduler.truncate(id, 30);
    expect(scheduler.get(id).numComputed).toBe(0);
    expect(generate(id, 3)).toEqual([...prompt.slice(0, 30), ...continuation(prompt.slice(0, 30), 3)]);
  });
});

describe('recurrent states of steps that are read late', () => {
  const lateRig = (numSlots: number, maxLate: number) => makeRig({ numSlots, maxStepsInFlight: maxLate + 1 });

  it.each([1, 2])('an end that is found %i steps late leaves the state before what was drawn behind it', (maxLate) => {
    const rig = lateRig(8, maxLate);
    const host = new LateHost(rig, maxLate);
    const prompt = tokenRange(0, 20);
    const id = rig.scheduler.add({ tokens: prompt });
    const tokens = host.generate(id, 10);
    expect(tokens.slice(20)).toEqual(continuation(prompt, 10));
    host.read(0);
    expect(rig.scheduler.counters.numDiscardedTokens).toBe(maxLate);
    const next = rig.scheduler.add({
      tokens: [...tokens, ...tokensOf(7)],
      classes: [
        ...prompt.map(() => 'prompt' as const),
        ...new Array<'generated'>(9).fill('generated'),
        'prompt',
        'prompt',
      ],
    });
    expect(host.step().started).toEqual([{ id: next, numCachedTokens: tokens.length - 1 }]);
  });

  it('goes ahead in two slots by turns, and waits where there is no second one', () => {
    const prompt = tokenRange(0, 20);
    const [ahead, waiting] = [8, 2].map((numSlots) => {
      const rig = lateRig(numSlots, 1);
      const host = new LateHost(rig, 1);
      // The longer one keeps all the slots that there are, with a snapshot of its prompt and its state.
      const id = rig.scheduler.add({ tokens: prompt });
      const steps = Array.from({ length: 12 }, () => host.step().batch);
      const written = steps.flatMap(({ sequences }) => sequences.flatMap(({ states }) => states?.to.at(-1) ?? []));
      expect(rig.scheduler.get(id).tokens.slice(20, 25)).toEqual(continuation(prompt, 5));
      return { numRun: written.length, slots: new Set(written.slice(4)).size };
    });
    expect(ahead).toEqual({ numRun: 12, slots: 2 });
    expect(waiting?.slots).toBe(1);
    expect(waiting?.numRun).toBeLessThan(12);
  });
});

describe('StateSlots', () => {
  it('names what does not add up', () => {
    const slots = new StateSlots(2);
    const slot = slots.allocate();
    if (slot === undefined) throw new Error('no slot');
    expect(() => {
      slots.checkInvariants([]);
    }).toThrow(/counts 1 references, 0 are held/);
    slots.checkInvariants([slot]);
    slots.release(slot);
    expect(() => {
      slots.release(slot);
    }).toThrow(/not in use/);
    expect(() => new StateSlots(1)).toThrow(/two slots/);
  });
});
