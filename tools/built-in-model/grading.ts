/**
 * Grades an answer by a rule, as CASES.md defines them; `mini/grading.py` does the same, and both agree with
 * fixtures/grading.json. Knows neither models nor how answers come about.
 */

export type Rule =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'contains' | 'words' | 'anyWord'; readonly values: readonly string[] }
  | { readonly kind: 'lastNumber'; readonly value: number }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'jsonObject' }
  | { readonly kind: 'sentences'; readonly least: number }
  | { readonly kind: 'numbered'; readonly count: number }
  | { readonly kind: 'all' | 'any'; readonly rules: readonly Rule[] }
  | { readonly kind: 'not'; readonly rule: Rule };

const SENTENCE_END = /[.!?]["')]*(?=\s|$)/g;
const POINT = /^(\d+)\. \S.*$/;

export function passes(rule: Rule, text: string): boolean {
  const answer = text.trim();
  switch (rule.kind) {
    case 'exact':
      return answer === rule.value;
    case 'contains':
      return rule.values.every((value) => answer.toLowerCase().includes(value.toLowerCase()));
    case 'words':
      return rule.values.every((value) => wordsOf(answer).includes(wordsOf(value)));
    case 'anyWord':
      return rule.values.some((value) => wordsOf(answer).includes(wordsOf(value)));
    case 'lastNumber':
      return Number(answer.match(/-?[0-9]+/g)?.at(-1) ?? NaN) === rule.value;
    case 'json':
      return equal(parsed(answer), rule.value);
    case 'jsonObject':
      return isRecord(parsed(answer));
    case 'sentences':
      return (answer.match(SENTENCE_END)?.length ?? 0) >= rule.least;
    case 'numbered':
      return isNumbered(answer.split('\n'), rule.count);
    case 'all':
      return rule.rules.every((part) => passes(part, answer));
    case 'any':
      return rule.rules.some((part) => passes(part, answer));
    case 'not':
      return !passes(rule.rule, answer);
  }
}

/** Lower-cased runs of ASCII letters and digits, with a space around each. */
function wordsOf(text: string): string {
  return ` ${(text.toLowerCase().match(/[a-z0-9]+/g) ?? []).join(' ')} `;
}

function isNumbered(lines: readonly string[], count: number): boolean {
  return lines.length === count && lines.every((line, i) => Number(POINT.exec(line.trim())?.[1] ?? NaN) === i + 1);
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => equal(value, b[i]));
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
  }
  return a === b;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
