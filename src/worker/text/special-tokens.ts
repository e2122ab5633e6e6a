/**
 * Finds the texts of special tokens in a text and cuts it there. Leftmost first, and of several at one place the
 * longest. It knows nothing of merging.
 */
import { tokenId, type TokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Fragment =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'token'; readonly id: TokenId };

interface SpecialToken {
  readonly id: TokenId;
  readonly text: string;
  /** Only found when the caller parses special tokens; user-defined ones always are. */
  readonly onlyWhenParsing: boolean;
}

interface Found {
  readonly token: SpecialToken;
  readonly start: number;
}

export interface SpecialTokens {
  split(text: string, parseSpecial: boolean): Fragment[];
  /** True when one special token's text lies on both sides of position `at`. */
  spans(text: string, at: number): boolean;
}

/** Whether white space left or right of a special token is dropped. */
export interface Trimming {
  readonly trimsBefore: (id: TokenId) => boolean;
  readonly trimsAfter: (id: TokenId) => boolean;
}

export function createSpecialTokens(vocabulary: Vocabulary, { trimsBefore, trimsAfter }: Trimming): SpecialTokens {
  const byFirstCharacter = groupByFirstCharacter(vocabulary);
  const longest = Math.max(0, ...[...byFirstCharacter.values()].flat().map(({ text }) => text.length));

  function find(text: string, from: number, parseSpecial: boolean): Found | undefined {
    for (let start = from; start < text.length; start++) {
      const token = byFirstCharacter
        .get(text.charCodeAt(start))
        ?.find((t) => (parseSpecial || !t.onlyWhenParsing) && text.startsWith(t.text, start));
      if (token !== undefined) return { token, start };
    }
    return undefined;
  }

  return {
    split(text, parseSpecial) {
      const fragments: Fragment[] = [];
      let position = 0;
      for (let found = find(text, 0, parseSpecial); found !== undefined; found = find(text, position, parseSpecial)) {
        const before = text.slice(position, found.start);
        const kept = trimsBefore(found.token.id) ? trimEnd(before) : before;
        if (kept !== '') fragments.push({ kind: 'text', text: kept });
        fragments.push({ kind: 'token', id: found.token.id });
        position = found.start + found.token.text.length;
        if (trimsAfter(found.token.id)) position = skipWhiteSpace(text, position);
      }
      if (position < text.length) fragments.push({ kind: 'text', text: text.slice(position) });
      return fragments;
    },
    spans(text, at) {
      for (let start = Math.max(0, at - longest + 1); start < at; start++) {
        const tokens = byFirstCharacter.get(text.charCodeAt(start)) ?? [];
        if (tokens.some((t) => start + t.text.length > at && text.startsWith(t.text, start))) return true;
      }
      return false;
    },
  };
}

function groupByFirstCharacter({ kinds, texts }: Vocabulary): Map<number, SpecialToken[]> {
  const groups = new Map<number, SpecialToken[]>();
  for (const [index, kind] of kinds.entries()) {
    const text = texts[index] ?? '';
    if (text === '' || (kind !== 'control' && kind !== 'userDefined' && kind !== 'unknown')) continue;
    const group = groups.get(text.charCodeAt(0)) ?? [];
    group.push({ id: tokenId(index), text, onlyWhenParsing: kind !== 'userDefined' });
    groups.set(text.charCodeAt(0), group);
  }
  for (const group of groups.values()) group.sort((a, b) => b.text.length - a.text.length);
  return groups;
}

/** `text` without the ASCII white space at its start. */
export function trimStart(text: string): string {
  return text.slice(skipWhiteSpace(text, 0));
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\n\v\f\r'.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function skipWhiteSpace(text: string, from: number): number {
  let position = from;
  while (position < text.length && ' \t\n\v\f\r'.includes(text.charAt(position))) position++;
  return position;
}
