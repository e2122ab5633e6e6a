import { describe, expect, it } from 'vitest';
import { tokenId, type SequenceId, type TokenId } from '../tokens.ts';
import { verifiedTokens, type ProposeDraft } from './speculation.ts';
import { expectedKv, makeRig, tokenRange, tokensOf, type TestRig } from './testing/fake-forward.ts';

/** Guesses what will be drawn. */
function oracleOf({ scheduler, forward }: TestRig): (id: SequenceId, count: number) => TokenId[] {
  return (id, count) => {
    const { tokens, classes } = scheduler.get(id);
    const known = [...tokens];
    while (known.length < tokens.length + count) {
      const kv = expectedKv(known, [...classes, ...known.slice(classes.length).map(() => 'generated' as const)]);
      known.push(forward.sample(kv.at(-1) ?? 0));
    }
    return known.slice(tokens.length);
  };
}

/** How many were asked for, for each sequence, while nothing is guessed. */
function asking(asked: [SequenceId, number][]): ProposeDraft {
  return (id, maxTokens) => {
    asked.push([id, maxTokens]);
    return [];
  };
}

describe('speculation in steps', () => {
  it('takes what was drawn up to and with the first draw that differs from its guess', () => {
    const cases: [number[], number[], number[]][] = [
      [[], [5], [5]],
      [
        [1, 2],
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [1, 2],
        [1, 9, 3],
        [1, 9],
      ],
      [[1, 2], [9, 2, 3], [9]],
    ];
    for (const [draft, sampled, expected] of cases) {
      expect(verifiedTokens(tokensOf(...draft), tokensOf(...sampled))).toEqual(expected);
    }
  });

  it('computes as many tokens in a step as were guessed, and one', () => {
    const rig = makeRig();
    const oracle = oracleOf(rig);
    const id = rig.scheduler.add({ tokens: tokenRange(0, 5) });
    rig.step(oracle); // the prompt: nothing is known that a guess could follow
    expect(rig.scheduler.get(id).numTokens).toBe(6);
    const step = rig.step((sequence) => [...oracle(sequence, 4), tokenId(999)]);
    expect(step.batch.rows.map(({ position, wantLogits }) => [position, wantLogits])).toEqual(
      [5, 6, 7, 8, 9, 10].map((position) => [position, true]),
    );
    expect(step.logitRows.map(({ position, numDrafts }) => [position, numDrafts])).toEqual(
      [6, 7, 8, 9, 10, 11].map((position, numDrafts) => [position, numDrafts]),
    );
    expect(rig.scheduler.get(id)).toMatchObject({ numTokens: 11, numComputed: 10 });
    expect(rig.scheduler.counters).toMatchObject({ numSequenceSteps: 2, numDraftTokens: 5, numAcceptedDraftTokens: 4 });
  });

  it('shares the rows that are left, and asks for no more than the context holds', () => {
    const { scheduler, step } = makeRig({
      maxRowsPerStep: 80,
      prefillChunkTokens: 80,
      maxLogitRows: 9,
      maxGeneratedRows: 8,
      contextLength: 40,
    });
    const [first, second] = [30, 39].map((count) => scheduler.add({ tokens: tokenRange(count, count) }));
    if (first === undefined || second === undefined) throw new Error('two were added');
    step();
    const asked: [SequenceId, number][] = [];
    step(asking(asked));
    // Six rows for two; the second knows 40 tokens, and the context holds no more.
    expect(asked).toEqual([[first, 3]]);
    step(asking(asked));
    expect(asked.slice(1)).toEqual([[first, 7]]);
  });

  it('leaves rows to prompts, and preempts nobody for guesses', () => {
    const rig = makeRig({ numBlocks: 4 });
    const { scheduler, step } = rig;
    const oracle = oracleOf(rig);
    const older = scheduler.add({ tokens: tokenRange(0, 30) });
    const younger = scheduler.add({ tokens: tokenRange(100, 30) });
    step();
    // Each has two blocks of 16 and there are no more: with the last known token one place is left in them.
    const { preempted, sequences } = step((id) => oracle(id, 8));
    expect(preempted).toEqual([]);
    expect(sequences.map(({ id, draft }) => [id, draft.length])).toEqual([
      [older, 1],
      [younger, 1],
    ]);
  });

  it('gives back the blocks of wrong guesses', () => {
    const { scheduler, step, blocks } = makeRig();
    scheduler.add({ tokens: tokenRange(0, 14) });
    step();
    const numFree = blocks.numFree;
    const { batch } = step((_, maxTokens) => tokenRange(500, Math.min(maxTokens, 7)));
    expect(batch.sequences[0]?.blockTable).toHaveLength(2);
    expect(blocks.numFree).toBe(numFree);
  });
});
