/** Counting and judging, on cases made up here. */
import { describe, expect, it } from 'vitest';
import { tally, wilson, type Case } from './cases.ts';
import { agreement, verdict } from './verdict.ts';

function made(id: string, skill: string, value: string): Case {
  return { id, skill, tags: [], messages: [], rule: { kind: 'contains', values: [value] }, maxTokens: 10 };
}

const CASES = [
  made('a', 'facts', 'one'),
  made('b', 'facts', 'two'),
  made('c', 'json', '{'),
  made('d', 'refusal', 'not'),
];

describe('tally', () => {
  it('counts skills, valid objects and what is declined wrongly; cases without an answer not at all', () => {
    const answers = new Map([
      ['a', 'One!'],
      ['b', 'I do not know that. Sorry.'],
      ['c', '{"a": 1}'],
    ]);
    expect(Object.fromEntries(tally(CASES, answers))).toEqual({
      facts: { right: 1, total: 2 },
      json: { right: 1, total: 1 },
      'json valid': { right: 1, total: 1 },
      'false refusals': { right: 1, total: 3 },
    });
  });
});

describe('wilson', () => {
  it('gives the interval of the textbook, and says nothing about nothing', () => {
    const [low, high] = wilson({ right: 8, total: 10 });
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
    expect(wilson({ right: 0, total: 0 })).toEqual([0, 1]);
  });
});

describe('verdict', () => {
  const goals = { facts: 0.7, 'false refusals': 0.05 };

  it('passes what reaches its goal, and a rate that stays below', () => {
    const rows = new Map([
      ['facts', { right: 7, total: 10 }],
      ['false refusals', { right: 1, total: 20 }],
    ]);
    expect(verdict(goals, rows)).toMatchObject({ numPassed: 2, numFailed: 0 });
  });

  it('fails what falls short, and what was not measured', () => {
    const rows = new Map([['false refusals', { right: 2, total: 20 }]]);
    const { lines, numPassed, numFailed } = verdict(goals, rows);
    expect([numPassed, numFailed]).toEqual([0, 2]);
    expect(lines[1]).toMatch(/FAIL false refusals.* 5\.0% short/);
  });
});

describe('agreement', () => {
  const goals = { facts: 0.7, recall: 0.9 };
  const theirs = new Map([
    ['facts', { right: 7, total: 10 }],
    ['recall', { right: 3, total: 10 }],
  ]);

  it('passes equal counts, below a goal too', () => {
    expect(agreement(goals, new Map(theirs), theirs)).toMatchObject({ numPassed: 2, numFailed: 0 });
  });

  it('fails one more or less, other cases, and what only one of them counted', () => {
    const better = new Map([...theirs, ['recall', { right: 4, total: 10 }]] as const);
    expect(agreement(goals, better, theirs)).toMatchObject({ numPassed: 1, numFailed: 1 });
    const fewer = new Map([...theirs, ['facts', { right: 7, total: 9 }]] as const);
    expect(agreement(goals, fewer, theirs)).toMatchObject({ numPassed: 1, numFailed: 1 });
    expect(agreement(goals, theirs, new Map())).toMatchObject({ numPassed: 0, numFailed: 2 });
    expect(agreement(goals, new Map(), theirs)).toMatchObject({ numPassed: 0, numFailed: 2 });
  });
});
