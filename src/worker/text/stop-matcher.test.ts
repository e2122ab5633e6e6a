/** Stop strings: hand-made cases, then random streams against an oracle that looks at one character at a time. */
import { describe, expect, it } from 'vitest';
import { randomIntegers } from '../../../tools/fixtures/text.ts';
import { createStopMatcher } from './stop-matcher.ts';

interface Run {
  readonly emitted: readonly string[];
  readonly stopped: boolean;
}

function run(stops: readonly string[], chunks: readonly string[]): Run {
  const matcher = createStopMatcher(stops);
  const emitted: string[] = [];
  for (const chunk of chunks) {
    const { text, stopped } = matcher.push(chunk);
    emitted.push(text);
    if (stopped) return { emitted, stopped };
  }
  emitted.push(matcher.flush());
  return { emitted, stopped: false };
}

/** Reads `text` up to the first place where it ends with a stop string. */
function oracle(stops: readonly string[], text: string): { readonly text: string; readonly stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop)).map((stop) => stop.length);
    if (ending.length > 0) return { text: text.slice(0, end - Math.max(...ending)), stopped: true };
  }
  return { text, stopped: false };
}

/** The characters of `text` that may still become part of a stop string. */
function numUncertain(stops: readonly string[], text: string): number {
  for (let start = 0; start < text.length; start++) {
    if (stops.some((stop) => stop.length > text.length - start && stop.startsWith(text.slice(start)))) {
      return text.length - start;
    }
  }
  return 0;
}

describe('stop matcher', () => {
  it('finds a stop string across pushes and emits the text in front exactly', () => {
    expect(run(['\nUser:'], ['Hi', '\nUs', 'er', ': more'])).toEqual({ emitted: ['Hi', '', '', ''], stopped: true });
  });

  it('lets go of text that turns out harmless', () => {
    expect(run(['\nUser:'], ['Hi\nUs', 'ual', '\nU'])).toEqual({
      emitted: ['Hi', '\nUsual', '', '\nU'],
      stopped: false,
    });
  });

  it('handles overlapping beginnings', () => {
    expect(run(['aab'], ['aa', 'a', 'b'])).toEqual({ emitted: ['', 'a', ''], stopped: true });
    expect(run(['abab', 'abc'], ['aba', 'bc'])).toEqual({ emitted: ['', ''], stopped: true });
  });

  it('takes the stop string that is complete first, and the longest of those that end together', () => {
    expect(run(['abcd', 'bc'], ['xabcd'])).toEqual({ emitted: ['xa'], stopped: true });
    expect(run(['User:', '\nUser:'], ['x\nUser:'])).toEqual({ emitted: ['x'], stopped: true });
  });

  it('stays stopped, and passes everything through without stop strings', () => {
    const matcher = createStopMatcher(['.']);
    expect(matcher.push('a.b')).toEqual({ text: 'a', stopped: true });
    expect(matcher.push('c')).toEqual({ text: '', stopped: true });
    expect(matcher.flush()).toBe('');
    expect(run([], ['a', 'b'])).toEqual({ emitted: ['a', 'b', ''], stopped: false });
  });

  it('refuses an empty stop string', () => {
    expect(() => createStopMatcher(['a', ''])).toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
  });

  it('agrees with the oracle on random streams, and never holds back more than it must', () => {
    const random = randomIntegers(11);
    const word = (alphabet: string, max: number): string =>
      Array.from({ length: 1 + random(max) }, () => alphabet.charAt(random(alphabet.length))).join('');
    let numStopped = 0;
    for (let round = 0; round < 3000; round++) {
      const alphabet = round % 2 === 0 ? 'ab' : 'abc\n';
      const stops = Array.from({ length: random(4) }, () => word(alphabet, 5));
      const chunks = Array.from({ length: random(8) }, () => word(alphabet, 4));
      const expected = oracle(stops, chunks.join(''));
      const { emitted, stopped } = run(stops, chunks);
      expect({ text: emitted.join(''), stopped }).toEqual(expected);
      if (stopped) numStopped++;
      else {
        chunks.forEach((_, index) => {
          const seen = chunks.slice(0, index + 1).join('');
          const shown = emitted.slice(0, index + 1).join('');
          expect(seen.length - shown.length).toBe(numUncertain(stops, seen));
        });
      }
    }
    expect(numStopped).toBeGreaterThan(500);
    expect(numStopped).toBeLessThan(2500);
  });
});
