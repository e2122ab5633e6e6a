/**
 * Held-out cases as CASES.md defines them, answers to them, and what is counted. Knows neither models nor runtimes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatMessage } from '../../../src/worker/api.ts';
import { passes, type Rule } from '../grading.ts';

export interface Case {
  readonly id: string;
  readonly skill: string;
  readonly tags: readonly string[];
  readonly messages: readonly ChatMessage[];
  readonly rule: Rule;
  readonly maxTokens: number;
}

/** Answers by the id of their case. */
export type Answers = ReadonlyMap<string, string>;

export interface Count {
  readonly right: number;
  readonly total: number;
}

/** What must not be said inside the domain: `mini/skills/refusals.py`. */
const DECLINES: Rule = {
  kind: 'any',
  rules: ['i do not know that', 'i cannot do that', 'i cannot advise'].map((mark) => ({
    kind: 'contains',
    values: [mark],
  })),
};

/** The first `sample` cases of every skill; 0: all. @throws Error for a file that holds something else */
export function readCases(folder: string, sample = 0): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => {
      const lines = readLines(join(folder, name));
      return (sample > 0 ? lines.slice(0, sample) : lines).map((value) => {
        if (isCase(value)) return value;
        throw new Error(`${name} holds a line that is no case`);
      });
    });
}

/** Lines of `{id, answer}`, as `run.py evaluate` writes them. */
export function readAnswers(path: string): Answers {
  return new Map(
    readLines(path).map((value) => {
      if (isAnswer(value)) return [value.id, value.answer] as const;
      throw new Error(`${path} holds a line that is no answer`);
    }),
  );
}

/** Rows: one a skill, `json valid`, `false refusals`; only cases that have an answer count. */
export function tally(cases: readonly Case[], answers: Answers): ReadonlyMap<string, Count> {
  const rows = new Map<string, Count>();
  const count = (name: string, good: boolean): void => {
    const { right, total } = rows.get(name) ?? { right: 0, total: 0 };
    rows.set(name, { right: right + (good ? 1 : 0), total: total + 1 });
  };
  for (const { id, skill, rule } of cases) {
    const answer = answers.get(id);
    if (answer === undefined) continue;
    count(skill, passes(rule, answer));
    if (skill === 'json') count('json valid', passes({ kind: 'jsonObject' }, answer));
    if (skill !== 'refusal') count('false refusals', passes(DECLINES, answer));
  }
  return rows;
}

/** The 95 % interval of a share. Source: Wilson 1927. */
export function wilson({ right, total }: Count, z = 1.96): readonly [low: number, high: number] {
  if (total === 0) return [0, 1];
  const p = right / total;
  const centre = p + (z * z) / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

function readLines(path: string): readonly unknown[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

function isCase(value: unknown): value is Case {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'skill' in value &&
    typeof value.skill === 'string' &&
    'messages' in value &&
    Array.isArray(value.messages) &&
    'rule' in value &&
    typeof value.rule === 'object' &&
    'maxTokens' in value &&
    typeof value.maxTokens === 'number'
  );
}

function isAnswer(value: unknown): value is { readonly id: string; readonly answer: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'answer' in value &&
    typeof value.answer === 'string'
  );
}
