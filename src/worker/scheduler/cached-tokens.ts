/** All that the scheduler keeps of computed tokens, and what of it a new sequence can take up. Changes nothing. */
import type { BlockManager } from './block-manager.ts';
import type { PrefixMatch, PrefixTree } from './prefix-tree.ts';
import type { RecurrentStates } from './recurrent-states.ts';
import type { Sequence } from './sequence.ts';
import type { TokenClass, TokenId } from '../tokens.ts';
import type { WindowBlocks } from './window-blocks.ts';

export interface CachedTokens {
  readonly blocks: BlockManager;
  readonly tree: PrefixTree;
  /** Of models with recurrent layers. */
  readonly states: RecurrentStates | undefined;
  /** Of models whose windowed layers have a pool of their own. */
  readonly windows: WindowBlocks | undefined;
}

/** What is cached of a sequence's tokens but the last: no more than to where there is a snapshot of recurrent layers, or a whole window. */
export function longestPrefix(sequence: Sequence, cached: CachedTokens): PrefixMatch {
  return longestMatch(sequence.tokens.slice(0, -1), sequence.fixedClasses, cached);
}

/** The same of any tokens. Without `classes` they are matched by ids alone. */
export function longestMatch(
  tokens: readonly TokenId[],
  classes: readonly TokenClass[] | undefined,
  { blocks, tree, states, windows }: CachedTokens,
): PrefixMatch {
  const match = tree.match(tokens, classes);
  let { numTokens } = match;
  if (states !== undefined) numTokens = states.longest({ tokens, classes: match.classes }, numTokens);
  if (windows !== undefined) numTokens = windows.usable(match.blocks, numTokens);
  return { ...match, numTokens, blocks: match.blocks.slice(0, blocks.numBlocksFor(numTokens)) };
}
