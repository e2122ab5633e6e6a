/**
 * Computed tokens as they lie in the pools, for those who carry them out of the cache and into it (P6): where the keys, values and
 * states of a prefix are, and room for those that another run computed, perhaps in another engine. What comes in lies in the
 * prefix tree from then on, so that it is found, shared, copied and given up like everything else there. Knows no bytes and no GPU.
 */
import { LinnetError } from '../errors.ts';
import type { BlockId, StateSlot } from '../tokens.ts';
import { longestMatch, type CachedTokens } from './cached-tokens.ts';
import type { Sequence } from './sequence.ts';
import type { ClassedTokens } from './snapshots.ts';

/** Undefined: of a prefix that was found, there is none; of one that was adopted, it is not to be written. */
export interface PrefixPlaces {
  readonly numTokens: number;
  readonly blocks: readonly (BlockId | undefined)[]; // [ceil(numTokens / blockTokens)]
  /** The same in the pool of windowed layers, for models where they have one. */
  readonly windowBlocks: readonly (BlockId | undefined)[] | undefined;
  /** Of recurrent layers, behind the last of the tokens. */
  readonly state: StateSlot | undefined;
}

/**
 * Where the longest prefix of `tokens` is that a sequence could go on from. Nothing is retained: what is read must be read before the
 * next step is made.
 */
export function locatePrefix({ tokens, classes }: ClassedTokens, cached: CachedTokens): PrefixPlaces {
  const { numTokens, blocks } = longestMatch(tokens, classes, cached);
  const { states, windows } = cached;
  return {
    numTokens,
    blocks,
    windowBlocks: windows && blocks.map((block) => windows.of(block)),
    state: states?.find({ tokens: tokens.slice(0, numTokens), classes: classes.slice(0, numTokens) }),
  };
}

/**
 * Makes room for all of `prefix`, of which nothing is held by `running`, at the cost of what was used longest ago, and keeps it as if
 * it had been computed here. The places returned must be written before the next step is made.
 * @throws ContextFull when running sequences leave no room; nothing is kept then
 */
export function adoptPrefix(prefix: ClassedTokens, cached: CachedTokens, running: readonly Sequence[]): PrefixPlaces {
  const { blocks, tree, states, windows } = cached;
  const { tokens, classes } = prefix;
  const numTokens = tokens.length;
  const numBlocks = blocks.numBlocksFor(numTokens);
  const firstInWindow = windows?.firstBlockFor(numTokens) ?? 0;
  const hasRoom =
    blocks.numFree + tree.numEvictable >= numBlocks &&
    (states?.hasRoom ?? true) &&
    (windows?.hasFree(numBlocks - firstInWindow, running) ?? true);
  const table = hasRoom ? allocateBlocks(numBlocks, cached) : undefined;
  if (table === undefined) {
    throw new LinnetError(
      'ContextFull',
      `The cache has no room for ${String(numTokens)} tokens beside what is being generated. Try again when that is over.`,
    );
  }
  tree.insert({ tokens, classes, blocks: table, numTokens });
  // Where the tree had the tokens already it kept its own blocks.
  const written = table.map((block) => (blocks.refCount(block) > 1 ? block : undefined));
  blocks.truncate(table, 0);
  const state = states?.adopt(prefix);
  if (windows === undefined) return { numTokens, blocks: written, windowBlocks: undefined, state };
  const kept = tree.match(tokens, classes).blocks;
  // A last block that the tree had goes further: what is written to its window would end too early.
  const numWhole = written.at(-1) === undefined ? Math.floor(numTokens / blocks.blockTokens) : numBlocks;
  const inWindow = windows.adopt(kept.slice(firstInWindow, numWhole), running);
  const windowBlocks = written.map((_, index) => inWindow[index - firstInWindow]);
  return { numTokens, blocks: written, windowBlocks, state };
}

/** Blocks with a reference each, the tree making room; undefined where there are not so many. */
export function allocateBlocks(numBlocks: number, { blocks, tree }: CachedTokens): BlockId[] | undefined {
  while (blocks.numFree < numBlocks && tree.evict());
  if (blocks.numFree < numBlocks) return undefined;
  return Array.from({ length: numBlocks }, () => {
    const block = blocks.allocate();
    if (block === undefined) throw new LinnetError('Internal', 'A block that was free is not.');
    return block;
  });
}
