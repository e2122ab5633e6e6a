/** The merging loop against one that looks at every pair every time, and how often it asks for a priority. */
import { describe, expect, it } from 'vitest';
import { randomIntegers } from '../../../tools/fixtures/text.ts';
import { mergePairs, type PairPriority } from './merge.ts';

function mergeNaively(symbols: readonly string[], priorityOf: PairPriority): string[] {
  const texts = [...symbols];
  for (;;) {
    const pairs = texts.slice(1).map((right, i) => priorityOf(texts[i] ?? '', right) ?? Infinity);
    const best = Math.min(...pairs, Infinity);
    if (best === Infinity) return texts;
    const at = pairs.indexOf(best);
    texts.splice(at, 2, (texts[at] ?? '') + (texts[at + 1] ?? ''));
  }
}

describe('mergePairs', () => {
  it('merges the best pair first, the leftmost of equals', () => {
    const ranks: Readonly<Record<string, number>> = { 'b c': 0, 'a a': 1, 'aa bc': 2 };
    const priorityOf: PairPriority = (left, right) => ranks[`${left} ${right}`];
    expect(mergePairs([...'aaabc'], priorityOf)).toEqual(['aa', 'a', 'bc']);
    expect(mergePairs([...'aabc'], priorityOf)).toEqual(['aabc']);
    expect(mergePairs([], priorityOf)).toEqual([]);
    expect(mergePairs(['a'], priorityOf)).toEqual(['a']);
  });

  it('agrees with the naive loop on random rules and words', () => {
    const random = randomIntegers(3);
    for (let round = 0; round < 500; round++) {
      const priorities = new Map<string, number | undefined>();
      const priorityOf: PairPriority = (left, right) => {
        const key = `${left} ${right}`;
        if (!priorities.has(key)) priorities.set(key, random(3) === 0 ? undefined : random(5));
        return priorities.get(key);
      };
      const word = Array.from({ length: random(20) }, () => 'abc'.charAt(random(3)));
      expect(mergePairs(word, priorityOf)).toEqual(mergeNaively(word, priorityOf));
    }
  });

  it('asks for at most three priorities a symbol, however long the word', () => {
    let numAsked = 0;
    const length = 20_000;
    const merged = mergePairs(
      Array.from({ length }, () => 'x'),
      (left, right) => {
        numAsked++;
        return left.length === right.length && left.length < 16 ? left.length : undefined;
      },
    );
    expect(merged).toHaveLength(length / 16);
    expect(numAsked).toBeLessThanOrEqual(3 * length);
  });
});
