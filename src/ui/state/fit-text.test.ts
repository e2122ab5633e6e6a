/** The beginning of a text that fits, over countings of tokens that are easy and hard to guess. */
import { describe, expect, it } from 'vitest';
import { fitText } from './fit-text.ts';

const everyFour = (text: string): Promise<number> => Promise.resolve(Math.ceil(text.length / 4));
/** The first half of it is dense, as code in front of prose. */
const uneven = (text: string): Promise<number> =>
  Promise.resolve(Math.min(text.length, 500) + Math.ceil(Math.max(0, text.length - 500) / 8));

describe('a text', () => {
  it('that fits stays whole', async () => {
    expect(await fitText('x'.repeat(400), 100, everyFour)).toHaveLength(400);
    expect(await fitText('', 0, everyFour)).toBe('');
  });

  it('that does not is cut to what fits, and not to much less', async () => {
    for (const [numTokens, maxTokens] of [
      [everyFour, 100],
      [uneven, 300],
      [uneven, 600],
    ] as const) {
      const fitting = await fitText('x'.repeat(5000), maxTokens, numTokens);
      const count = await numTokens(fitting);
      expect(count).toBeLessThanOrEqual(maxTokens);
      expect(count).toBeGreaterThan(maxTokens * 0.4);
    }
  });

  it('is not counted at a length that no context holds', async () => {
    const lengths: number[] = [];
    await fitText('x'.repeat(10_000_000), 100, (text) => {
      lengths.push(text.length);
      return everyFour(text);
    });
    expect(Math.max(...lengths)).toBe(1600);
  });

  it('is not cut within a character', async () => {
    expect(await fitText('🐦'.repeat(9), 3, (text) => Promise.resolve(text.length))).toBe('🐦');
  });
});
