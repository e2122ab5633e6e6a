import { describe, expect, it } from 'vitest';
import { seededRandom, tokensOf } from '../scheduler/testing/fake-forward.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { NgramIndex, type NgramMatch } from './ngram-index.ts';

/** By looking everywhere. */
function naiveMatch(text: readonly TokenId[], sizes: readonly number[]): NgramMatch | undefined {
  for (const n of [...sizes].sort((one, other) => other - one)) {
    const tail = text.slice(-n).join();
    for (let next = text.length - 1; next >= n; next--) {
      if (text.slice(next - n, next).join() === tail) return { n, next };
    }
  }
  return undefined;
}

function indexed(sizes: readonly number[], text: readonly TokenId[], maxTokens = 4096): NgramIndex {
  const index = new NgramIndex(sizes, maxTokens);
  for (const token of text) index.push(token);
  return index;
}

/** Random tokens with copies of earlier parts, of all lengths. */
function patchwork(seed: number, length: number, vocabSize: number): TokenId[] {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const text: TokenId[] = [];
  while (text.length < length) {
    const start = below(text.length);
    if (below(3) === 0) text.push(...text.slice(start, start + 1 + below(40)));
    else for (let i = below(6); i >= 0; i--) text.push(tokenId(below(vocabSize)));
  }
  return text.slice(0, length);
}

describe('NgramIndex', () => {
  it('finds the latest occurrence of the longest n-gram at the end', () => {
    expect(indexed([2, 3], tokensOf(1, 2, 3, 9, 2, 3, 8, 1, 2, 3)).match()).toEqual({ n: 3, next: 3 });
    expect(indexed([2], tokensOf(1, 2, 3, 9, 2, 3, 8, 1, 2, 3)).match()).toEqual({ n: 2, next: 6 });
    expect(indexed([2, 3], tokensOf(1, 2, 3, 4)).match()).toBeUndefined();
  });

  it('finds an occurrence that overlaps the end, and never the end itself', () => {
    expect(indexed([3], tokensOf(5, 5, 5)).match()).toBeUndefined();
    expect(indexed([3], tokensOf(5, 5, 5, 5)).match()).toEqual({ n: 3, next: 3 });
  });

  it.each([
    { vocabSize: 1, sizes: [1, 3] },
    { vocabSize: 2, sizes: [1, 2, 3, 5, 8] },
    { vocabSize: 5, sizes: [3, 6, 12, 24] },
    { vocabSize: 200_000, sizes: [2, 4, 24] },
  ])('finds what looking everywhere finds: $vocabSize different tokens', ({ vocabSize, sizes }) => {
    let numFound = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const text = patchwork(seed, 550, vocabSize); // past two growths of the tables
      const index = new NgramIndex(sizes, 4096);
      for (const [at, token] of text.entries()) {
        index.push(token);
        const found = index.match();
        numFound += Number(found !== undefined);
        expect(found, `seed ${String(seed)}, after ${String(at + 1)} tokens`).toEqual(
          naiveMatch(text.slice(0, at + 1), sizes),
        );
      }
    }
    expect(numFound).toBeGreaterThan(200);
  });

  it('forgets the older half when it is full, and is exact about the rest', () => {
    const sizes = [2, 4];
    const text = patchwork(9, 500, 6);
    const index = new NgramIndex(sizes, 100);
    for (const [at, token] of text.entries()) {
      index.push(token);
      expect(index.length).toBeLessThanOrEqual(100);
      expect(index.length).toBeGreaterThanOrEqual(Math.min(at + 1, 50));
      const kept = text.slice(at + 1 - index.length, at + 1);
      expect(kept.map((_, i) => index.at(i))).toEqual(kept);
      expect(index.match()).toEqual(naiveMatch(kept, sizes));
    }
  });

  it('refuses sizes it cannot hold', () => {
    for (const sizes of [[], [0], [1.5], [60]]) expect(() => new NgramIndex(sizes, 100)).toThrow('N-grams need');
  });
});
