/**
 * Rules that somebody wrote, with their sets of characters (`[^a-z"]`) written anew: as they stand, the engine reads them rightly
 * only where they hold nothing but ASCII and are not negated. Knows nothing of the rest of the notation.
 */
import { charClass, complement, grammarError, normalRanges } from './ebnf.ts';

/** More brackets inside each other would overflow the engine's stack. */
const MAX_NESTING = 64;

/** Texts in quotes, comments, sets and brackets, in their order. */
const PARTS = /"(?:[^"\\\n]|\\.)*"|#.*|\[((?:[^\]\\\n]|\\.)*)\]|[()]/gu;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** @throws GrammarFailed for sets of no characters, and for too many brackets */
export function withSetsRewritten(text: string): string {
  let depth = 0;
  return text.replace(PARTS, (part: string, inside: string | undefined) => {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (depth > MAX_NESTING) {
      throw grammarError(`The grammar has more than ${String(MAX_NESTING)} brackets inside each other.`);
    }
    return inside === undefined ? part : rewritten(inside);
  });
}

function rewritten(inside: string): string {
  const negated = inside.startsWith('^');
  const members = [
    ...inside.slice(negated ? 1 : 0).matchAll(/\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|./gu),
  ];
  const codes = members.map(([member]) => codePoint(member));
  const ranges: [number, number][] = [];
  for (let at = 0; at < members.length; at++) {
    const first = codes[at] ?? 0;
    const isRange = members[at + 1]?.[0] === '-' && at + 2 < members.length;
    const last = isRange ? (codes[at + 2] ?? first) : first;
    if (last < first) throw grammarError(`The grammar has the set [${inside}], in which a range goes down.`);
    ranges.push([first, last]);
    if (isRange) at += 2;
  }
  const set = negated ? complement(ranges) : normalRanges(ranges);
  if (set.length === 0) throw grammarError(`The grammar has the set [${inside}], which holds no character.`);
  return charClass(set);
}

function codePoint(member: string): number {
  if (/^\\[xuU]./.test(member)) return parseInt(member.slice(2), 16);
  const character = member.startsWith('\\') ? member.slice(1) : member;
  return (member.startsWith('\\') ? (CONTROLS[character] ?? character) : character).codePointAt(0) ?? 0;
}
