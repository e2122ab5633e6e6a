/**
 * What must hold between any two calls to the scheduler, checked for tests and debugging: every reference to a block is
 * accounted for, and every block table fits its sequence. Changes nothing and knows no policy.
 */
import { LinnetError } from '../errors.ts';
import type { BlockManager } from './block-manager.ts';
import type { PrefixTree } from './prefix-tree.ts';
import type { Sequence } from './sequence.ts';

/** Throws `Internal`, naming the first thing that is wrong. */
export function checkInvariants(sequences: readonly Sequence[], blocks: BlockManager, tree: PrefixTree): void {
  for (const { id, blockTable, numComputed, isRunning, isVerifying } of sequences) {
    const numNeeded = isRunning ? blocks.numBlocksFor(numComputed) : 0;
    // Guesses on their way may need blocks past what is computed.
    if (blockTable.length === numNeeded || (isRunning && isVerifying && blockTable.length > numNeeded)) continue;
    const numbers = `${String(blockTable.length)} blocks, but needs ${String(numNeeded)}`;
    throw new LinnetError('Internal', `Sequence ${String(id)} holds ${numbers}.`);
  }
  blocks.checkInvariants([...sequences.flatMap((sequence) => sequence.blockTable), ...tree.blocks()]);
}
