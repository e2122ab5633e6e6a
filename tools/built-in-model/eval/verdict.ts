/** Goals against counts, and counts against each other: a line a required skill. Knows no models. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wilson, type Count } from './cases.ts';

export type Goals = Readonly<Record<string, number>>;

export interface Verdict {
  readonly lines: readonly string[];
  readonly numPassed: number;
  readonly numFailed: number;
}

/** Of this rate, less is better. */
const RATE_TO_STAY_BELOW = 'false refusals';

/** The column of goals that the published model was trained for. */
export function readGoals(folder: string, column: string): Goals {
  const value: unknown = JSON.parse(readFileSync(join(folder, 'goals.json'), 'utf8'));
  const goals: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, column) : undefined;
  if (isGoals(goals)) return goals;
  throw new Error(`goals.json has no column ${column}`);
}

/** A goal without a count fails: what is required must be measured. `beside`: the same counts from elsewhere, for show. */
export function verdict(goals: Goals, rows: ReadonlyMap<string, Count>, beside?: ReadonlyMap<string, Count>): Verdict {
  const results = Object.entries(goals).map(([name, goal]) => {
    const count = rows.get(name) ?? { right: 0, total: 0 };
    const share = count.total === 0 ? NaN : count.right / count.total;
    const isRate = name === RATE_TO_STAY_BELOW;
    const good = isRate ? share <= goal : share >= goal;
    const [low, high] = wilson(count);
    const other = beside?.get(name);
    const cells = [
      `${good ? 'pass' : 'FAIL'} ${name.padEnd(14)}`,
      `${String(count.right)}/${String(count.total)}`.padStart(9),
      percent(share).padStart(6),
      `(${percent(low)} to ${percent(high)})`.padEnd(17),
      `goal ${isRate ? 'at most' : 'at least'} ${percent(goal)}`,
      ...(good ? [] : [`${percent(Math.abs(goal - share))} short`]),
      ...(other === undefined ? [] : [`PyTorch ${String(other.right)}/${String(other.total)}`]),
    ];
    return { good, line: cells.join('  ') };
  });
  const numPassed = results.filter(({ good }) => good).length;
  return { lines: results.map(({ line }) => line), numPassed, numFailed: results.length - numPassed };
}

/**
 * The same lines where the question is another one: does our runtime count what PyTorch counted on the same cases? A
 * required skill passes when both are equal, whether or not its goal is reached, and fails where either has no count.
 */
export function agreement(goals: Goals, rows: ReadonlyMap<string, Count>, others: ReadonlyMap<string, Count>): Verdict {
  const results = Object.keys(goals).map((name) => {
    const [ours, theirs] = [rows.get(name), others.get(name)];
    const good = ours !== undefined && ours.total > 0 && ours.total === theirs?.total && ours.right === theirs.right;
    const counts = [ours, theirs].map((count) => `${String(count?.right ?? 0)}/${String(count?.total ?? 0)}`);
    return { good, line: `${good ? 'pass' : 'FAIL'} ${name.padEnd(14)}  ${counts.join(', PyTorch ')}` };
  });
  const numPassed = results.filter(({ good }) => good).length;
  return { lines: results.map(({ line }) => line), numPassed, numFailed: results.length - numPassed };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function isGoals(value: unknown): value is Goals {
  return typeof value === 'object' && value !== null && Object.values(value).every((goal) => typeof goal === 'number');
}
