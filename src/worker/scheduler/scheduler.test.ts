import { describe, expect, it } from 'vitest';
import type { TokenClass, TokenId } from '../tokens.ts';
import type { ScheduledStep } from './scheduled-step.ts';
import { makeRig, tokenRange, tokensOf } from './testing/fake-forward.ts';

/** Rows per sequence of a step, in the batch's order, e.g. `0:5p` for five prompt rows of sequence 0, `*` for logits. */
function rowsOf(step: ScheduledStep): string[] {
  return step.sequences.map(({ id, numRows, wantsLogits }, index) => {
    const rows = step.batch.rows.filter((row) => row.sequence === index);
    return `${String(id)}:${String(numRows)}${(rows[0]?.tokenClass ?? '-').slice(0, 1)}${wantsLogits ? '*' : ''}`;
  });
}

describe('Scheduler: steps', () => {
  it('prefills in chunks, then decodes, and asks for logits at the last token alone', () => {
    const { scheduler, step } = makeRig({ prefillChunkTokens: 4 });
    const id = scheduler.add({ tokens: tokenRange(0, 10) });
    expect([step(), step(), step(), step(), step()].map(rowsOf)).toEqual([
      ['0:4p'],
      ['0:4p'],
      ['0:2p*'],
      ['0:1g*'],
      ['0:1g*'],
    ]);
    expect(scheduler.get(id).state).toEqual({ kind: 'decoding' });
    expect(scheduler.finish(id, 'length').state).toEqual({ kind: 'finished', reason: 'length' });
    expect(step().batch.rows).toHaveLength(0);
    expect(scheduler.counters).toMatchObject({
      numSteps: 5,
      numPromptRows: 10,
      numGeneratedRows: 2,
      numCachedTokens: 0,
    });
  });

  it('tells how much of the cache is held, also by what may go on', () => {
    const { scheduler, step, blocks } = makeRig({ prefillChunkTokens: 32 });
    const { blockTokens, numBlocks } = blocks;
    const totalTokens = numBlocks * blockTokens;
    expect(scheduler.kvCache).toEqual({ heldTokens: 0, totalTokens });
    const id = scheduler.add({ tokens: tokenRange(0, blockTokens + 1) });
    step();
    step();
    step();
    expect(scheduler.kvCache).toEqual({ heldTokens: 2 * blockTokens, totalTokens });
    scheduler.finish(id, 'stop');
    expect(scheduler.kvCache.heldTokens).toBeGreaterThanOrEqual(blockTokens);
    scheduler.loseCache();
    expect(scheduler.kvCache).toEqual({ heldTokens: 0, totalTokens });
  });

  it('decodes before it prefills, first come first served, within the budget of rows', () => {
    const { scheduler, step } = makeRig({ maxRowsPerStep: 6, prefillChunkTokens: 5, maxLogitRows: 3 });
    scheduler.add({ tokens: tokenRange(0, 3) });
    step();
    scheduler.add({ tokens: tokenRange(10, 7) });
    scheduler.add({ tokens: tokenRange(20, 2) });
    expect([step(), step(), step()].map(rowsOf)).toEqual([
      ['1:5p', '0:1g*'],
      ['1:2p*', '2:2p*', '0:1g*'],
      ['0:1g*', '1:1g*', '2:1g*'],
    ]);
  });

  it('lets no more sequences run than may have logits, and forks beyond that take turns', () => {
    const { scheduler, step } = makeRig({ maxLogitRows: 2 });
    const [first] = [1, 2, 3].map((token) => scheduler.add({ tokens: tokenRange(token * 10, 2) }));
    if (first === undefined) throw new Error('three were added');
    expect(rowsOf(step())).toEqual(['0:2p*', '1:2p*']);
    scheduler.fork(first);
    expect([step(), step(), step()].map(rowsOf)).toEqual([
      ['3:1g*', '0:1g*'],
      ['1:1g*', '0:1g*'], // among equals the oldest
      ['3:1g*', '0:1g*'],
    ]);
  });

  it('reports the end of the context, and goes on once the host has truncated', () => {
    const { scheduler, step } = makeRig({ contextLength: 6 });
    const id = scheduler.add({ tokens: tokenRange(0, 5) });
    step();
    step();
    expect(scheduler.get(id).numTokens).toBe(7); // the last one is known, but cannot be computed
    expect(step()).toMatchObject({ contextFull: [id], batch: { rows: [] } });
    scheduler.truncate(id, 6);
    expect(rowsOf(step())).toEqual(['0:1g*']);
    expect(() => scheduler.add({ tokens: tokenRange(0, 7) })).toThrow(expect.objectContaining({ name: 'ContextFull' }));
  });

  it('takes the whole pool for a lone sequence, and says when that is the end', () => {
    const { scheduler, step, generate } = makeRig({ numBlocks: 2 });
    expect(scheduler.contextLength).toBe(32);
    // The tree holds the whole pool, and shares the block that the next sequence writes.
    generate(scheduler.add({ tokens: tokenRange(0, 28) }), 4);
    const id = scheduler.add({ tokens: tokenRange(0, 30) });
    for (let count = 0; count < 3; count++) step();
    expect(step().contextFull).toEqual([id]);
    expect(scheduler.get(id).numTokens).toBe(33);
  });

  it('refuses what it cannot know or do by name', () => {
    const { scheduler } = makeRig();
    const invalid: unknown = expect.objectContaining({ name: 'InvalidRequest' });
    expect(() => scheduler.add({ tokens: [] })).toThrow(invalid);
    expect(() => scheduler.add({ tokens: tokensOf(1, 2), classes: ['prompt'] })).toThrow(invalid);
    const id = scheduler.add({ tokens: tokensOf(1, 2) });
    expect(() => {
      scheduler.truncate(id, 3);
    }).toThrow(invalid);
    scheduler.abort(id);
    expect(() => scheduler.get(id)).toThrow(invalid);
    expect(() => makeRig({ maxLogitRows: 65 })).toThrow(expect.objectContaining({ name: 'Internal' }));
  });

  it('demands a commit for every step with rows, with a token for each row of logits', () => {
    const { scheduler } = makeRig();
    scheduler.add({ tokens: tokensOf(1, 2) });
    const step = scheduler.step();
    const internal: unknown = expect.objectContaining({ name: 'Internal' });
    expect(() => scheduler.step()).toThrow(internal);
    expect(() => {
      scheduler.commit(step, []);
    }).toThrow(internal);
    scheduler.commit(step, tokensOf(7));
    expect(() => {
      scheduler.commit(step, tokensOf(7));
    }).toThrow(internal);
  });
});

describe('Scheduler: conversations and the cache', () => {
  const user: readonly TokenId[] = tokenRange(500, 9);
  const conversation = 'page/chat';

  it('prefills only the new tokens of the next turn, and one sampled but never computed', () => {
    const { scheduler, step, generate } = makeRig();
    let history: readonly TokenId[] = tokenRange(0, 37);
    history = generate(scheduler.add({ tokens: history, conversation }), 21);
    for (let turn = 2; turn < 10; turn++) {
      const before = scheduler.counters;
      const id = scheduler.add({ tokens: [...history, ...user], conversation });
      const { started } = step();
      expect(started).toEqual([{ id, numCachedTokens: history.length - 1 }]);
      expect(scheduler.counters.numPromptRows - before.numPromptRows).toBe(user.length + 1);
      expect(scheduler.counters.numGeneratedRows).toBe(before.numGeneratedRows);
      history = generate(id, 11 + turn);
    }
  });

  it('recomputes the last token of a prompt that is all cached, in its class', () => {
    const { scheduler, step, generate } = makeRig();
    const tokens = tokenRange(0, 32);
    const classes = tokens.map((_, index): TokenClass => (index < 20 ? 'prompt' : 'generated'));
    generate(scheduler.add({ tokens, classes }), 3);
    const id = scheduler.add({ tokens, classes });
    const scheduled = step();
    expect(scheduled.started).toEqual([{ id, numCachedTokens: 31 }]);
    expect(rowsOf(scheduled)).toEqual([`${String(id)}:1g*`]);
    expect(scheduled.batch.copies).toMatchObject([{ numTokens: 15 }]);
  });

  it.each([
    ['after its blocks were evicted', 5],
    ['after a lost device', 64],
  ])('computes every token of a conversation in its first class %s', (_, numBlocks) => {
    const { scheduler, step, generate, forward } = makeRig({ numBlocks });
    const history = generate(scheduler.add({ tokens: tokenRange(0, 20), conversation }), 10);
    if (numBlocks === 5) generate(scheduler.add({ tokens: tokenRange(300, 60) }), 10);
    else {
      forward.wipe();
      scheduler.loseCache();
    }
    const id = scheduler.add({ tokens: [...history, ...user], conversation });
    expect([step(), step(), step()].map(rowsOf)).toEqual([
      [`${String(id)}:20p`],
      [`${String(id)}:9g`],
      [`${String(id)}:10p*`],
    ]);
    const warm = makeRig();
    const again = warm.generate(warm.scheduler.add({ tokens: tokenRange(0, 20), conversation }), 10);
    expect(again).toEqual(history);
    const answer = warm.generate(warm.scheduler.add({ tokens: [...again, ...user], conversation }), 12);
    expect(generate(id, 12)).toEqual(answer);
  });

  it('adopts the classes of the cache for a request that knows none', () => {
    const { scheduler, step, generate } = makeRig();
    const history = generate(scheduler.add({ tokens: tokenRange(0, 5) }), 10);
    const id = scheduler.add({ tokens: [...history, ...user] });
    expect(step().started).toEqual([{ id, numCachedTokens: 14 }]);
    const expected = [...Array<string>(5).fill('prompt'), ...Array<string>(9).fill('generated'), 'prompt'];
    expect(scheduler.get(id).classes.slice(0, 15)).toEqual(expected);
  });

  it('shares a prompt that is being answered with the next request for it', () => {
    const { scheduler, step, blocks } = makeRig();
    scheduler.add({ tokens: tokenRange(0, 40) });
    step();
    const second = scheduler.add({ tokens: tokenRange(0, 40) });
    const numFree = blocks.numFree;
    expect(step().started).toEqual([{ id: second, numCachedTokens: 32 }]);
    expect(blocks.numFree).toBe(numFree - 1);
  });

  it('shares all of a prompt when it is told to, and the first to append takes a copy', () => {
    const { scheduler, step } = makeRig({});
    const prompt = tokenRange(0, 21);
    const classes = prompt.map((): TokenClass => 'prompt');
    const first = scheduler.add({ tokens: prompt, classes });
    step();
    scheduler.sharePrompt(first);
    const second = scheduler.add({ tokens: prompt, classes });
    const shared = step();
    expect(shared.started).toEqual([{ id: second, numCachedTokens: 20 }]);
    expect(rowsOf(shared)).toEqual(['1:1p*', '0:1g*']);
    expect(shared.batch.copies).toHaveLength(2);
    scheduler.checkInvariants();
    step();
    scheduler.finish(first, 'stop');
    scheduler.finish(second, 'stop');
    scheduler.checkInvariants();
  });
});

describe('Scheduler: forks, truncation, preemption', () => {
  it('forks share all blocks until one of them appends', () => {
    const { scheduler, step, blocks, generate } = makeRig();
    const parent = scheduler.add({ tokens: tokenRange(0, 40) });
    step();
    const children = [scheduler.fork(parent), scheduler.fork(parent), scheduler.fork(parent)];
    expect(blocks.numFree).toBe(61);
    const { batch } = step();
    expect(batch.copies).toHaveLength(3); // the fourth writes in place
    expect(blocks.numFree).toBe(58);
    const texts = [parent, ...children].map((id) => generate(id, 30));
    const alone = makeRig();
    const straight = alone.generate(alone.scheduler.add({ tokens: tokenRange(0, 40) }), 30);
    for (const text of texts) expect(text.slice(0, 70)).toEqual(straight);
  });

  it('goes on after a truncation as if the rest had never been', () => {
    const { scheduler, step, generate } = makeRig();
    const id = scheduler.add({ tokens: tokenRange(0, 20) });
    while (scheduler.get(id).numTokens < 40) step();
    const straight = [...scheduler.get(id).tokens];
    scheduler.truncate(id, 30);
    expect(rowsOf(step())).toEqual(['0:1g*']);
    const branch = scheduler.fork(id, 25);
    expect(generate(id, 20)).toEqual(straight);
    expect(generate(branch, 20)).toEqual(straight);
  });

  it('drops the work in flight of a sequence that was truncated or aborted meanwhile', () => {
    const { scheduler, forward, step, blocks, tree } = makeRig();
    const [kept, aborted] = [
      scheduler.add({ tokens: tokenRange(0, 20) }),
      scheduler.add({ tokens: tokenRange(50, 5) }),
    ];
    const inFlight = scheduler.step();
    scheduler.truncate(kept, 10);
    scheduler.abort(aborted);
    scheduler.commit(inFlight, forward.run(inFlight.batch));
    const { numTokens, numComputed } = scheduler.get(kept);
    expect([numTokens, numComputed]).toEqual([10, 9]); // the last one again, for its logits
    expect(rowsOf(step())).toEqual(['0:1p*']);
    scheduler.abort(kept);
    tree.clear();
    expect(blocks.numFree).toBe(64);
  });

  it('preempts the latest when blocks run out, and both answers are those of a run alone', () => {
    const { scheduler, step, generate } = makeRig({ numBlocks: 5 });
    const [first, second] = [
      scheduler.add({ tokens: tokenRange(0, 30) }),
      scheduler.add({ tokens: tokenRange(50, 30) }),
    ];
    const preempted: number[] = [];
    while (scheduler.get(first).numGeneratedTokens < 20) preempted.push(...step().preempted);
    expect(preempted).toEqual([second]);
    expect(scheduler.get(second).state).toEqual({ kind: 'waiting' });
    const texts = [generate(first, 40), generate(second, 40)];
    const alone = makeRig();
    const expected = [0, 50].map((start) => alone.generate(alone.scheduler.add({ tokens: tokenRange(start, 30) }), 40));
    expect(texts).toEqual(expected);
  });

  it('takes back rows and copies of those it preempts in the same step, and uses their blocks at once', () => {
    const { scheduler, step, generate } = makeRig({ numBlocks: 3, maxRowsPerStep: 20, prefillChunkTokens: 20 });
    // Two prompts of one step: 16 rows of the first, since its class changes there, and all of the second.
    const classes = tokenRange(0, 40).map((token): TokenClass => (token < 16 ? 'prompt' : 'generated'));
    const big = scheduler.add({ tokens: tokenRange(0, 40), classes });
    const small = scheduler.add({ tokens: tokenRange(50, 4) });
    expect(rowsOf(step())).toEqual(['0:16p', '1:4p*']);
    // The child gets the last free block for its copy; then the big prompt, which came first, wants two.
    const child = scheduler.fork(small);
    const scheduled = step();
    expect(scheduled.preempted).toEqual([child, small]);
    expect(scheduled.batch.copies).toEqual([]);
    expect(rowsOf(scheduled)).toEqual(['0:18g']);
    const alone = makeRig();
    expect(generate(big, 8)).toEqual(alone.generate(alone.scheduler.add({ tokens: tokenRange(0, 40), classes }), 8));
    const expected = alone.generate(alone.scheduler.add({ tokens: tokenRange(50, 4) }), 9);
    expect([generate(small, 9), generate(child, 9)]).toEqual([expected, expected]);
  });

  it('keeps a small request waiting behind a big one, not the other way round', () => {
    const { scheduler, step } = makeRig({ numBlocks: 4 });
    const first = scheduler.add({ tokens: tokenRange(0, 33) });
    step();
    scheduler.add({ tokens: tokenRange(100, 40) });
    scheduler.add({ tokens: tokenRange(200, 2) });
    expect(rowsOf(step())).toEqual(['0:1g*']);
    scheduler.finish(first, 'stop');
    expect(rowsOf(step())).toEqual(['1:40p*', '2:2p*']);
  });
});
