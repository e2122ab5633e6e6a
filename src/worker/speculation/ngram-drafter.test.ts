/** What n-gram speculation takes and saves, played through on texts that are known: a text is what a model would say. */
import { describe, expect, it } from 'vitest';
import { seededRandom, tokenRange, tokensOf } from '../scheduler/testing/fake-forward.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import type { Drafter } from './drafter.ts';
import { NgramDrafter } from './ngram-drafter.ts';

const NO_HINTS = { hints: [] };
const ROOM = 31;

interface Played {
  readonly numSteps: number;
  readonly numRejected: number;
  readonly tokensPerStep: number;
  /** Rows that were computed, over those that plain decoding takes. */
  readonly rowShare: number;
}

/** Decodes `output`, whose first token comes from the prompt's own step. */
function play(drafter: Drafter, output: readonly TokenId[], room = ROOM): Played {
  let numSteps = 0;
  let numRejected = 0;
  drafter.push(output.slice(0, 1));
  for (let at = 1; at < output.length;) {
    const draft = drafter.propose(Math.min(room, output.length - at - 1));
    expect(draft.length).toBeLessThanOrEqual(room);
    let numAccepted = 0;
    while (numAccepted < draft.length && draft[numAccepted] === output[at + numAccepted]) numAccepted++;
    drafter.verified(draft.length, numAccepted);
    drafter.push(output.slice(at, at + numAccepted + 1));
    at += numAccepted + 1;
    numSteps += 1;
    numRejected += draft.length - numAccepted;
  }
  const numPlainSteps = output.length - 1;
  return {
    numSteps,
    numRejected,
    tokensPerStep: numPlainSteps / numSteps,
    rowShare: (numPlainSteps + numRejected) / numPlainSteps,
  };
}

function randomTokens(seed: number, count: number, vocabSize: number): TokenId[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => tokenId(Math.floor(random() * vocabSize)));
}

describe('NgramDrafter', () => {
  it('goes on as the text did before, a little at first', () => {
    const drafter = new NgramDrafter({ ...NO_HINTS, prompt: tokensOf(1, 2, 3, 4, 5, 6, 7, 8) });
    drafter.push(tokensOf(2, 3));
    expect(drafter.propose(ROOM)).toEqual([]);
    drafter.push(tokensOf(4));
    expect(drafter.propose(ROOM)).toEqual([5, 6, 7]);
    expect(drafter.propose(2)).toEqual([5, 6]);
    expect(drafter.propose(0)).toEqual([]);
  });

  it('goes on with the last period of a text that repeats itself', () => {
    const drafter = new NgramDrafter({ ...NO_HINTS, prompt: tokensOf(9, 1, 2, 1, 2, 1) });
    expect(drafter.propose(ROOM)).toEqual([2, 1, 2]);
  });

  it('looks in hints too, and prefers what came last', () => {
    const hints = [tokensOf(1, 2, 3, 50, 51, 52), tokensOf(1, 2, 3, 60, 61, 62)];
    const drafter = new NgramDrafter({ prompt: tokensOf(7, 1, 2, 3), hints });
    expect(drafter.propose(ROOM)).toEqual([60, 61, 62]);
    const other = new NgramDrafter({ prompt: tokensOf(1, 2, 3, 70, 71, 72, 1, 2, 3), hints });
    expect(other.propose(ROOM)).toEqual([70, 71, 72]);
  });

  it('drafts longer while drafts are right: a verbatim copy takes a step for every ten tokens or more', () => {
    const passage = tokenRange(100, 400);
    const drafter = new NgramDrafter({ ...NO_HINTS, prompt: [...passage, ...tokensOf(1, 2)] });
    const { tokensPerStep, numRejected } = play(drafter, passage);
    expect(tokensPerStep).toBeGreaterThan(10);
    expect(numRejected).toBe(0);
  });

  it.each([
    [8, 1.5],
    [20, 3],
    [80, 6],
  ])('gains on a copy with an edit every %d tokens or so', (distance, leastTokensPerStep) => {
    const passage = tokenRange(100, 1200);
    const random = seededRandom(distance);
    const edited = passage.map((token) => (random() < 1 / distance ? tokenId(token + 5000) : token));
    const { tokensPerStep, rowShare } = play(new NgramDrafter({ ...NO_HINTS, prompt: passage }), edited);
    expect(tokensPerStep).toBeGreaterThan(leastTokensPerStep);
    expect(rowShare).toBeLessThan(1.35);
  });

  it.each([20, 100, 1536, 150_000])('takes at most 1.05 times the rows on random text of %d tokens', (vocabSize) => {
    for (let seed = 1; seed <= 3; seed++) {
      const drafter = new NgramDrafter({ ...NO_HINTS, prompt: randomTokens(seed, 500, vocabSize) });
      const { numSteps, rowShare } = play(drafter, randomTokens(seed + 100, 2000, vocabSize));
      expect(numSteps).toBeLessThanOrEqual(1999); // a step never gives less than a token
      expect(rowShare).toBeLessThanOrEqual(1.05);
    }
  });

  it('takes few rows where every guess is wrong', () => {
    // Each token of the output ends a 24-gram of the hints, and goes on otherwise there.
    const output = randomTokens(5, 1000, 50_000);
    const misleading = output.map((_, at) => [...output.slice(Math.max(0, at - 24), at), tokenId(60_000 + at)]);
    const drafter = new NgramDrafter({ prompt: tokensOf(1, 2, 3), hints: misleading });
    play(drafter, output.slice(0, 200));
    const { tokensPerStep, numRejected, rowShare } = play(drafter, output.slice(200));
    expect(tokensPerStep).toBeLessThan(1.05); // it was misled
    expect(numRejected).toBeGreaterThan(20);
    expect(rowShare).toBeLessThanOrEqual(1.05);
  });

  it('is itself again right after it was misled', () => {
    const passage = tokenRange(100, 300);
    const drafter = new NgramDrafter({ ...NO_HINTS, prompt: passage });
    for (let misfire = 0; misfire < 10; misfire++) {
      drafter.push(tokensOf(misfire, 100, 101, 102, 90_000));
      drafter.verified(drafter.propose(ROOM).length, 0);
    }
    expect(play(drafter, passage).tokensPerStep).toBeGreaterThan(6);
  });

  it('keeps no more than it may', () => {
    const drafter = new NgramDrafter({ ...NO_HINTS, prompt: tokenRange(0, 1000) }, 200);
    for (let turn = 0; turn < 20; turn++) drafter.push(tokenRange(500, 100));
    expect(drafter.propose(ROOM)).toEqual([500, 501, 502]);
    drafter.push(tokensOf(1, 2, 3)); // forgotten long since
    expect(drafter.propose(ROOM)).toEqual([]);
  });
});
