/**
 * Drives a runner row by row for the tests of bitwise promises: which rows share a step, where their blocks lie, and the
 * logits' bits of every row. It knows no expected value.
 */
import { blockId, tokenId, type BlockId, type TokenClass } from '../../tokens.ts';
import { BLOCK_TOKENS } from '../kv-pool.ts';
import type { ModelRunner } from '../runner.ts';

/** Bits of the logits by position. */
export type LogitBits = Map<number, Uint32Array>;

/** Blocks as the tests name them, spread evenly over the cache, and so over its shards. */
export const NUM_NAMED_BLOCKS = 40;

function blockNamed(runner: ModelRunner, name: number): BlockId {
  return blockId(Math.floor((name * runner.plan.sizes.kv.numBlocks) / NUM_NAMED_BLOCKS));
}

/** One sequence: its tokens, the names of the blocks it may use in order, and how far it has come. */
export interface DrivenSequence {
  readonly tokens: readonly number[];
  readonly blocks: readonly number[];
  done: number;
  readonly bits: LogitBits;
}

export function drivenSequence(tokens: readonly number[], blocks: readonly number[], done = 0): DrivenSequence {
  return { tokens, blocks, done, bits: new Map() };
}

/** The next `count` tokens of a sequence. */
export interface Take {
  readonly sequence: DrivenSequence;
  readonly count: number;
  readonly tokenClass: TokenClass;
}

/** One step; takes of class prompt come first. Every row's logits are read and kept. */
export async function driveStep(
  runner: ModelRunner,
  takes: readonly Take[],
  copies: readonly { readonly from: number; readonly to: number; readonly numTokens: number }[] = [],
): Promise<void> {
  const rows = takes.flatMap(({ sequence, count, tokenClass }, index) =>
    Array.from({ length: count }, (_, i) => ({
      sequence: index,
      token: tokenId(sequence.tokens[sequence.done + i] ?? NaN),
      position: sequence.done + i,
      tokenClass,
      wantLogits: true,
    })),
  );
  runner.forward({
    sequences: takes.map(({ sequence, count }) => {
      const length = sequence.done + count;
      return {
        blockTable: sequence.blocks
          .slice(0, Math.ceil(length / BLOCK_TOKENS))
          .map((block) => blockNamed(runner, block)),
        length,
      };
    }),
    rows,
    copies: copies.map((copy) => ({ ...copy, from: blockNamed(runner, copy.from), to: blockNamed(runner, copy.to) })),
  });
  const logits = await runner.readLogits(rows.length);
  rows.forEach(({ sequence, position }, r) => {
    const row = logits[r];
    if (row === undefined) throw new Error('a row without logits');
    takes[sequence]?.sequence.bits.set(position, new Uint32Array(row.buffer, row.byteOffset, row.length));
  });
  for (const { sequence, count } of takes) sequence.done += count;
}

/** Steps of one sequence alone, `chunk` tokens each, until `end`. */
export async function driveAlone(
  runner: ModelRunner,
  sequence: DrivenSequence,
  tokenClass: TokenClass,
  end: number,
  chunk: number,
): Promise<void> {
  while (sequence.done < end) {
    await driveStep(runner, [{ sequence, count: Math.min(chunk, end - sequence.done), tokenClass }]);
  }
}

/** Where two runs differ, from `first` on: one line a position; empty when every row of `actual` is bit for bit as expected. */
export function bitDifferences(actual: LogitBits, expected: LogitBits, first = 0): readonly string[] {
  return [...actual].flatMap(([position, bits]) => {
    const other = expected.get(position);
    if (position < first) return [];
    if (other === undefined) return [`position ${String(position)} was not expected`];
    const wrong = bits.reduce((count, word, i) => count + (word === other[i] ? 0 : 1), 0);
    return wrong === 0
      ? []
      : [`position ${String(position)}: ${String(wrong)} of ${String(bits.length)} logits differ`];
  });
}
