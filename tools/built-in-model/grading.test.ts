/** The rules against the examples that every implementation has to agree with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { passes, type Rule } from './grading.ts';

interface Example {
  readonly rule: Rule;
  readonly pass: readonly string[];
  readonly fail: readonly string[];
}

const KINDS: readonly Rule['kind'][] = [
  'exact',
  'contains',
  'words',
  'anyWord',
  'lastNumber',
  'json',
  'jsonObject',
  'sentences',
  'numbered',
  'all',
  'not',
];
const examples = readExamples();

describe('grading', () => {
  it('has an example of every kind', () => {
    expect([...new Set(examples.map(({ rule }) => rule.kind))].sort()).toEqual([...KINDS].sort());
  });

  it.each(examples.map((example) => [JSON.stringify(example.rule), example] as const))(
    '%s',
    (_, { rule, pass, fail }) => {
      for (const answer of pass) expect(passes(rule, answer), answer).toBe(true);
      for (const answer of fail) expect(passes(rule, answer), answer).toBe(false);
    },
  );
});

function readExamples(): readonly Example[] {
  const value: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'grading.json'), 'utf8'));
  if (isExamples(value)) return value;
  throw new Error('fixtures/grading.json is no list of examples');
}

function isExamples(value: unknown): value is readonly Example[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((v: unknown) => typeof v === 'object' && v !== null && 'rule' in v)
  );
}
