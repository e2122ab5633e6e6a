/**
 * What a token costs behind much context and behind little: one runner, the fills in turns, and the time of attention's
 * dispatches alone beside it. Knows no files and prints nothing.
 */
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import { tokenId } from '../../src/worker/tokens.ts';
import { timeDispatches } from './dispatch-times.ts';
import { batchOf, Bench, type Clock, type CounterValues } from './measure.ts';

export interface KvFillOptions {
  readonly fills: readonly number[];
  readonly numGenerate: number;
  readonly numRounds: number;
  readonly computes: boolean;
}

export interface KvFillResult {
  readonly kvFill: number;
  /** [numRounds] Of a generated token, the mean of a round's; this and what follows empty where nothing is computed. */
  readonly tokenMs: readonly number[];
  /** [numRounds] Of attention's dispatches in a step in the middle of those. */
  readonly attentionMs: readonly number[];
  /** [numRounds] Of all dispatches of the same step, the sampler's not among them. */
  readonly dispatchMs: readonly number[];
  /** Of a round's generated tokens. */
  readonly decode: CounterValues;
}

/** Fewer than a prompt's row are of no interest: each round begins with one. */
const NUM_PROMPT = 1;

export async function measureKvFill(
  runner: ModelRunner,
  { fills, numGenerate, numRounds, computes }: KvFillOptions,
  now: Clock,
): Promise<readonly KvFillResult[]> {
  const lines: Line[] = [];
  for (const kvFill of fills) {
    const bench = await Bench.create(
      runner,
      { numPrompt: NUM_PROMPT, numGenerate, kvFill, lateSteps: 1, computes },
      now,
    );
    const { decode } = await bench.repeat(); // warm-up
    lines.push({ bench, result: { kvFill, tokenMs: [], attentionMs: [], dispatchMs: [], decode } });
  }
  for (let round = 0; computes && round < numRounds; round++) {
    for (const { bench, result } of lines) {
      const { decodeMs } = await bench.repeat();
      result.tokenMs.push(sum(decodeMs) / numGenerate);
      const position = result.kvFill + NUM_PROMPT + Math.floor(numGenerate / 2);
      const times = await timeDispatches(runner, batchOf(position, [tokenId(1)], 'generated', true), now);
      result.dispatchMs.push(sum(times.map(({ ms }) => ms)));
      result.attentionMs.push(sum(times.filter(({ kernel }) => kernel.startsWith('attention')).map(({ ms }) => ms)));
    }
  }
  return lines.map(({ result }) => result);
}

interface Line {
  readonly bench: Bench;
  readonly result: KvFillResult & Record<'tokenMs' | 'attentionMs' | 'dispatchMs', number[]>;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
