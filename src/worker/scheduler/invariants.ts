/**
 * What must hold between any two calls to the scheduler, checked for tests and debugging: every reference to a block is
 * accounted for, and every block table fits its sequence. Changes nothing and knows no policy.
 */
import { LinnetError } from '../errors.ts';
import type { BlockManager } from './block-manager.ts';
import type { Aside } from './aside.ts';
import type { PrefixTree } from './prefix-tree.ts';
import type { Sequence } from './sequence.ts';

/** Throws `Internal`, naming the first thing that is wrong. */
export function checkInvariants(
  sequences: readonly Sequence[],
  blocks: BlockManager,
  tree: PrefixTree,
  aside: Aside | undefined,
): void {
  for (const { id, blockTable, numComputed, isRunning, isVerifying } of sequences) {
    const numNeeded = isRunning ? blocks.numBlocksFor(numComputed) : 0;
    // Guesses on their way may need blocks past what is computed.
    if (blockTable.length === numNeeded || (isRunning && isVerifying && blockTable.length > numNeeded)) continue;
    const numbers = `${String(blockTable.length)} blocks, but needs ${String(numNeeded)}`;
    throw new LinnetError('Internal', `Sequence ${String(id)} holds ${numbers}.`);
  }
  const tables = [...sequences, ...(aside === undefined ? [] : [aside])].flatMap(({ blockTable }) => blockTable);
  blocks.checkInvariants([...tables, ...tree.blocks()]);
}
