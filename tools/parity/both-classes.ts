/**
 * Computes one sequence as a prompt, then the checked positions once more as generated rows in the same cache slots,
 * alone and several at a time. Hands out the logits of both; compares nothing.
 */
import { BLOCK_TOKENS } from '../../src/worker/model/kv-pool.ts';
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import type { BatchRow, BatchStates } from '../../src/worker/scheduler/batch.ts';
import { blockId, stateSlot, tokenId, type StateSlot, type TokenClass } from '../../src/worker/tokens.ts';

/** By position. */
export type ClassLogits = ReadonlyMap<number, Float32Array>;

/** `positions` ascend. */
export async function computeBothClasses(
  runner: ModelRunner,
  ids: readonly number[],
  positions: readonly number[],
): Promise<{ readonly prompt: ClassLogits; readonly generated: ClassLogits }> {
  const want = new Set(positions);
  // From the end of the pool to its start, and not from its last block: no order or offset may matter.
  const numBlocks = Math.ceil(ids.length / BLOCK_TOKENS);
  const blocks = Array.from({ length: numBlocks }, (_, i) => blockId(numBlocks - i));
  // States that prompt rows leave for generated ones, and one that the prompt goes on from.
  const slots = new Map<number, StateSlot>();
  for (const [first = 0] of neighbours(positions)) if (first > 0) slots.set(first - 1, stateSlot(slots.size + 1));
  const spare = stateSlot(0);
  const statesOf = (chosen: readonly number[], tokenClass: TokenClass): BatchStates | undefined => {
    if (runner.plan.sizes.states === undefined) return undefined;
    const before = (chosen[0] ?? 0) - 1;
    const kept = chosen.map((position) => (tokenClass === 'prompt' ? slots.get(position) : undefined));
    return {
      from: before < 0 ? undefined : (slots.get(before) ?? spare),
      to: [...kept.slice(0, -1), kept.at(-1) ?? spare],
    };
  };
  const run = async (chosen: readonly number[], tokenClass: TokenClass, into: Map<number, Float32Array>) => {
    const wanted = chosen.filter((position) => want.has(position));
    const length = Math.max(...chosen) + 1;
    const states = statesOf(chosen, tokenClass);
    const blockTable = blocks.slice(0, Math.ceil(length / BLOCK_TOKENS));
    runner.forward({
      sequences: [{ blockTable, length, ...(states === undefined ? {} : { states }) }],
      rows: chosen.map((position): BatchRow => ({
        sequence: 0,
        token: tokenId(ids[position] ?? 0),
        position,
        tokenClass,
        wantLogits: want.has(position),
      })),
      copies: [],
    });
    if (wanted.length === 0) {
      // A weak adapter is not given many long steps at once.
      await runner.gpu.device.queue.onSubmittedWorkDone();
      return;
    }
    const logits = await runner.readLogits(wanted.length);
    wanted.forEach((position, i) => {
      const row = logits[i];
      if (row !== undefined) into.set(position, row);
    });
  };

  const prompt = new Map<number, Float32Array>();
  const { maxRows } = runner.plan.sizes;
  for (let first = 0; first < ids.length; first += maxRows) {
    const count = Math.min(maxRows, ids.length - first);
    await run(
      Array.from({ length: count }, (_, i) => first + i),
      'prompt',
      prompt,
    );
  }
  const generated = new Map<number, Float32Array>();
  for (const group of neighbours(positions)) await run(group, 'generated', generated);
  return { prompt, generated };
}

/** Runs of positions that follow each other: 3, 7, 8 gives [3], [7, 8]. */
export function neighbours(positions: readonly number[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const position of positions) {
    const last = groups.at(-1);
    if (last?.at(-1) === position - 1) last.push(position);
    else groups.push([position]);
  }
  return groups;
}
