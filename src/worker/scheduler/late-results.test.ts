/** Steps that are made before the results of earlier ones are known: what they go on from, and what an end leaves behind. */
import { describe, expect, it } from 'vitest';
import type { SequenceId, TokenId } from '../tokens.ts';
import type { ScheduledStep } from './scheduled-step.ts';
import { LateHost, makeRig, tokenRange, type TestRig } from './testing/fake-forward.ts';

type Options = Parameters<typeof makeRig>[0];

function lateRig(maxLate: number, options: Options = {}): { rig: TestRig; host: LateHost } {
  const rig = makeRig({ ...options, maxStepsInFlight: maxLate + 1 });
  return { rig, host: new LateHost(rig, maxLate) };
}

/** Position and token of every row; a pending token as the row of logits it comes from. */
function rowsOf({ batch }: ScheduledStep): string[] {
  return batch.rows.map(({ position, token }) =>
    typeof token === 'number' ? `${String(position)}:known` : `${String(position)}:from ${String(token.logitRow)}`,
  );
}

describe('late results', () => {
  it('goes on from tokens that the step before drew, as far as steps may be on their way', () => {
    const { rig, host } = lateRig(2);
    const [one, other] = [
      rig.scheduler.add({ tokens: tokenRange(0, 3) }),
      rig.scheduler.add({ tokens: tokenRange(9, 2) }),
    ];
    expect(rowsOf(host.step())).toEqual(['0:known', '1:known', '2:known', '0:known', '1:known']);
    expect(rowsOf(host.step())).toEqual(['3:from 0', '2:from 1']);
    expect(rig.scheduler.get(one)).toMatchObject({ tokens: tokenRange(0, 3) });
    const { numTokens, numPending, numComputed } = rig.scheduler.get(one);
    expect([numTokens, numPending, numComputed]).toEqual([5, 2, 4]);
    const step = rig.scheduler.step();
    expect(rowsOf(step)).toEqual(['4:from 0', '3:from 1']);
    expect(() => rig.scheduler.step()).toThrow(expect.objectContaining({ name: 'Internal' }));
    expect(() => rig.scheduler.commit(step, [])).toThrow(expect.objectContaining({ name: 'Internal' }));
    expect(rig.scheduler.get(other).numPending).toBe(3);
  });

  it.each([1, 2])('gives the texts, the cache and the classes of a host that waits, read %i steps late', (maxLate) => {
    const turns = (late: number) => {
      const { rig, host } = lateRig(late);
      let history: readonly TokenId[] = tokenRange(0, 37);
      const seen: unknown[] = [];
      for (let turn = 0; turn < 6; turn++) {
        const id = rig.scheduler.add({ tokens: history, conversation: 'page/chat' });
        const { started } = host.step();
        history = host.generate(id, 11 + turn);
        host.read(0);
        rig.scheduler.checkInvariants();
        seen.push(started, history, rig.tree.numBlocks, rig.blocks.numFree);
        history = [...history, ...tokenRange(500, 9)];
      }
      const { numPromptRows, numCachedTokens, numSequenceSteps, numDiscardedTokens } = rig.scheduler.counters;
      return { seen: [...seen, numPromptRows, numCachedTokens, numSequenceSteps], numDiscardedTokens };
    };
    const late = turns(maxLate);
    const waiting = turns(0);
    expect(late.seen).toEqual(waiting.seen);
    expect([waiting.numDiscardedTokens, late.numDiscardedTokens]).toEqual([0, 6 * maxLate]);
  });

  it('draws nothing beyond the limit of a sequence, while others go on', () => {
    const { rig, host } = lateRig(2);
    const short = rig.scheduler.add({ tokens: tokenRange(0, 3), maxTokens: 6 });
    const long = rig.scheduler.add({ tokens: tokenRange(50, 3) });
    const numRows = Array.from({ length: 5 }, () => host.step().batch.rows.length);
    expect(numRows).toEqual([6, 2, 2, 1, 1]);
    host.read(0);
    expect(rig.scheduler.get(short).numTokens).toBe(6);
    expect(rig.scheduler.get(long).numTokens).toBe(8);
    rig.scheduler.finish(short, 'length');
    rig.scheduler.finish(long, 'stop');
    expect(rig.scheduler.counters.numDiscardedTokens).toBe(0);
  });

  it('drops what is on its way of sequences that are cut, forked or aborted', () => {
    const { rig, host } = lateRig(1);
    const { scheduler } = rig;
    const [cut, aborted] = [
      scheduler.add({ tokens: tokenRange(0, 20) }),
      scheduler.add({ tokens: tokenRange(60, 20) }),
    ];
    for (let count = 0; count < 8; count++) host.step();
    const straight = [...scheduler.get(cut).tokens];
    const branch = scheduler.fork(cut);
    expect(scheduler.get(branch)).toMatchObject({ tokens: straight, numPending: 0 });
    scheduler.truncate(cut, 22);
    scheduler.abort(aborted);
    host.read(0);
    expect(scheduler.get(cut).tokens).toEqual(straight.slice(0, 22));
    const expected = makeRig();
    const text = expected.generate(expected.scheduler.add({ tokens: tokenRange(0, 20) }), 15);
    expect(host.generate(cut, 15).slice(0, 35)).toEqual(text);
    expect(host.generate(branch, 15).slice(0, 35)).toEqual(text);
  });

  it('waits for a token whose id a later step has overwritten', () => {
    // Three take turns in steps of one row: what one drew is gone when its turn comes again.
    const { rig, host } = lateRig(2, { maxLogitRows: 1 });
    const first = rig.scheduler.add({ tokens: tokenRange(0, 3) });
    host.step();
    host.read(0);
    const others = [rig.scheduler.fork(first), rig.scheduler.fork(first)];
    const steps = Array.from({ length: 4 }, () => host.step());
    expect(steps.map(({ sequences }) => sequences.map(({ id }) => id))).toEqual([
      [others[0]],
      [others[1]],
      [first],
      [others[0]],
    ]);
    expect(steps.flatMap(rowsOf).filter((row) => row.includes('from'))).toEqual([]);
    const texts = [first, ...others].map((id) => host.generate(id, 9));
    expect(texts[1]).toEqual(texts[0]?.slice(0, texts[1]?.length));
    expect(texts[2]).toEqual(texts[0]?.slice(0, texts[2]?.length));
  });

  it('preempts a sequence whose token is on its way, and gives it that token', () => {
    const { rig, host } = lateRig(1, { numBlocks: 5 });
    const [older, younger] = [30, 31].map((start) => rig.scheduler.add({ tokens: tokenRange(start * 9, 30) }));
    if (older === undefined || younger === undefined) throw new Error('two were added');
    const preempted: SequenceId[] = [];
    while (preempted.length === 0) preempted.push(...host.step().preempted);
    expect(preempted).toEqual([younger]);
    expect(rig.scheduler.get(younger)).toMatchObject({ state: { kind: 'waiting' }, numPending: 0 });
    const texts = [host.generate(older, 40), host.generate(younger, 40)];
    const alone = makeRig();
    const expected = [30, 31].map((start) =>
      alone.generate(alone.scheduler.add({ tokens: tokenRange(start * 9, 30) }), 40),
    );
    expect(texts).toEqual(expected);
  });

  it('computes again what was on its way when the cache was lost', () => {
    const { rig, host } = lateRig(1);
    const id = rig.scheduler.add({ tokens: tokenRange(0, 20) });
    for (let count = 0; count < 5; count++) host.step();
    const { length } = rig.scheduler.get(id).tokens;
    rig.forward.wipe();
    rig.scheduler.loseCache();
    expect(rig.scheduler.get(id)).toMatchObject({ numTokens: length, numPending: 0, numComputed: 0 });
    const again = new LateHost(rig, 1);
    const expected = makeRig();
    expect(again.generate(id, 15)).toEqual(
      expected.generate(expected.scheduler.add({ tokens: tokenRange(0, 20) }), 15),
    );
  });
});
