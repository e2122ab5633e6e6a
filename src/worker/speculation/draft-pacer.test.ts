import { describe, expect, it } from 'vitest';
import { DraftPacer } from './draft-pacer.ts';

const LONG = 24;

/** Drafts of a pacer that is always right, or always wrong, while a text grows by `numTokens`. */
function draftsOf(pacer: DraftPacer, isRight: boolean, numTokens: number, n = LONG): number[] {
  const drafts: number[] = [];
  for (let at = 0; at < numTokens;) {
    const length = pacer.lengthFor(n);
    const numAccepted = isRight ? length : 0;
    if (length > 0) {
      pacer.verified(n, length, numAccepted);
      drafts.push(length);
    }
    pacer.passed(numAccepted + 1);
    at += numAccepted + 1;
  }
  return drafts;
}

describe('DraftPacer', () => {
  it('drafts whole passes of four rows, more after each draft that was right', () => {
    expect(draftsOf(new DraftPacer(), true, 40)).toEqual([3, 7, 15, 15]);
  });

  it('trusts short matches less', () => {
    const pacer = new DraftPacer();
    draftsOf(pacer, true, 40);
    expect([3, 6, 12, 24].map((n) => pacer.lengthFor(n))).toEqual([3, 7, 15, 15]);
  });

  it('does not grow by drafts that there was little room for', () => {
    const pacer = new DraftPacer();
    pacer.verified(LONG, 1, 1);
    expect(pacer.lengthFor(LONG)).toBe(3);
  });

  it('rests twice as long after each misfire, up to 64 tokens', () => {
    const pacer = new DraftPacer();
    const rests = Array.from({ length: 7 }, () => {
      pacer.verified(LONG, 3, 0);
      let rest = 0;
      for (; pacer.lengthFor(LONG) === 0; rest++) pacer.passed(1);
      return rest;
    });
    expect(rests).toEqual([4, 8, 16, 32, 64, 64, 64]);
  });

  it('wastes less than a row in twenty once it has seen that drafts are wrong', () => {
    const pacer = new DraftPacer();
    draftsOf(pacer, false, 100);
    const wasted = draftsOf(pacer, false, 1000).reduce((sum, length) => sum + length, 0);
    expect(wasted).toBeGreaterThan(0);
    expect(wasted).toBeLessThan(50);
  });

  it('forgives a misfire for a draft that was at least half right', () => {
    const pacer = new DraftPacer();
    pacer.verified(LONG, 3, 0);
    pacer.passed(4);
    pacer.verified(LONG, 3, 2);
    pacer.verified(LONG, 3, 0);
    pacer.passed(4);
    expect(pacer.lengthFor(LONG)).toBe(3);
  });

  it('wakes for a match longer than those that misled', () => {
    const pacer = new DraftPacer();
    pacer.verified(6, 3, 0);
    expect([3, 6, 12].map((n) => pacer.lengthFor(n))).toEqual([0, 0, 3]);
    pacer.verified(12, 3, 0);
    expect([3, 6, 12, 24].map((n) => pacer.lengthFor(n))).toEqual([0, 0, 0, 3]);
  });
});
