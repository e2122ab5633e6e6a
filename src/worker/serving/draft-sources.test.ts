import { describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../api.ts';
import type { DraftSources } from '../speculation/drafter.ts';
import { tokenId } from '../tokens.ts';
import { drafterFor } from './draft-sources.ts';
import type { Prompt } from './prompt.ts';

const PROMPT: Prompt = {
  ids: [7, 8].map(tokenId),
  text: undefined,
  droppedMessages: [],
  numDroppedTurns: 0,
  stop: [],
  notes: [],
};
/** A token per character. */
const tokenizer = { encode: (text: string) => [...text].map((letter) => tokenId(letter.charCodeAt(0))) };

function sourcesOf(options: Pick<GenerateRequest, 'hints' | 'speculation'>): DraftSources | undefined {
  const request = { client: 'c', request: 'r', model: 'm', input: { kind: 'text', text: '' }, ...options } as const;
  let given: DraftSources | undefined;
  const drafter = drafterFor(request, PROMPT, tokenizer, (sources) => {
    given = sources;
    return { push: () => undefined, propose: () => [], verified: () => undefined };
  });
  expect(drafter === undefined).toBe(given === undefined);
  return given;
}

describe('drafterFor', () => {
  it('guesses from the prompt and the hints unless it is switched off', () => {
    expect(sourcesOf({})).toEqual({ prompt: PROMPT.ids, hints: [] });
    expect(sourcesOf({ speculation: 'ngram', hints: ['ab', 'c'] })?.hints).toEqual([[97, 98], [99]]);
    expect(sourcesOf({ speculation: 'off', hints: ['ab'] })).toBeUndefined();
  });

  it('takes the ends of the last hints when there is too much of them', () => {
    const hints = ['x'.repeat(300_000), `a${'y'.repeat(100_000)}`, 'z'.repeat(162_000)];
    const lengths = sourcesOf({ hints })?.hints.map((hint) => hint.length);
    expect(lengths).toEqual([143, 100_001, 162_000]);
    expect(sourcesOf({ hints: ['a', 'y'.repeat(262_144)] })?.hints.map((hint) => hint.length)).toEqual([262_144]);
    expect(sourcesOf({ hints: [`a${'y'.repeat(262_144)}`] })?.hints[0]?.[0]).toBe('y'.charCodeAt(0));
  });
});
