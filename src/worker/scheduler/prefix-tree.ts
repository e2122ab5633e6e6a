/**
 * The KV of past and present sequences, found by their tokens (S21): a radix tree whose every edge is one block. It
 * holds a reference on each of its blocks, and knows nothing of sequences, scheduling or when blocks are short.
 *
 * Matching is by token: the last block of a match may be used in part, whether it is itself partly filled or full. It
 * is then shared like the others and copied by copy-on-write when its new holder appends; nothing else is needed.
 * A cached token is its id *and* its class. A caller who knows the classes passes them and gets equal bits to a cold
 * run; one who does not is matched by ids alone, and must compute on with the classes returned.
 */
import type { BlockId, TokenClass, TokenId } from '../tokens.ts';
import type { BlockManager } from './block-manager.ts';

export interface PrefixMatch {
  readonly numTokens: number;
  readonly blocks: readonly BlockId[]; // [ceil(numTokens / blockTokens)]
  /** The class each was computed with. */
  readonly classes: readonly TokenClass[]; // [numTokens]
}

/** What `insert` needs of a sequence: its first `numTokens` tokens have their KV in `blocks`. */
export interface ComputedPrefix {
  readonly tokens: readonly TokenId[];
  readonly classes: readonly TokenClass[];
  readonly blocks: readonly BlockId[];
  readonly numTokens: number;
}

/** A run of tokens, at most a block of them. */
interface Span {
  readonly tokens: readonly TokenId[];
  readonly classes: readonly TokenClass[];
}

interface TreeNode {
  readonly parent: TreeNode | undefined;
  readonly children: Map<TokenId, TreeNode[]>; // by their first token
  span: Span;
  block: BlockId;
  /** A count of uses of the tree, not a clock. Never less than a child's. */
  lastUsed: number;
}

export class PrefixTree {
  readonly #blocks: BlockManager;
  readonly #roots = new Map<TokenId, TreeNode[]>();
  readonly #nodes = new Set<TreeNode>();
  #numUses = 0;

  constructor(blocks: BlockManager) {
    this.#blocks = blocks;
  }

  get numBlocks(): number {
    return this.#nodes.size;
  }

  /** Every block held, once each. */
  *blocks(): Iterable<BlockId> {
    for (const node of this.#nodes) yield node.block;
  }

  /** Blocks that only the tree holds: what `evict` can free in the end. */
  get numEvictable(): number {
    let count = 0;
    for (const block of this.blocks()) if (this.#blocks.refCount(block) === 1) count++;
    return count;
  }

  /**
   * The longest cached prefix of `tokens`; with `classes` given, one whose classes are those. The blocks are not
   * retained: the caller does it before anything else happens. Of equally long prefixes the oldest is taken.
   */
  match(tokens: readonly TokenId[], classes?: readonly TokenClass[]): PrefixMatch {
    let best: TreeNode | undefined;
    let numTokens = 0;
    let level: readonly (TreeNode | undefined)[] = [undefined];
    for (let start = 0; level.length > 0; start += this.#blocks.blockTokens) {
      const fullyMatched: TreeNode[] = [];
      for (const child of level.flatMap((parent) => this.#childrenStartingWith(parent, tokens[start]))) {
        const length = commonLength(child.span, tokens, classes, start);
        if (start + length > numTokens) [best, numTokens] = [child, start + length];
        if (length === this.#blocks.blockTokens) fullyMatched.push(child);
      }
      level = fullyMatched;
    }
    const path = pathTo(best);
    this.#touch(path);
    return {
      numTokens,
      blocks: path.map((node) => node.block),
      classes: path.flatMap((node) => node.span.classes).slice(0, numTokens),
    };
  }

  /**
   * Keeps what is new of a computed prefix, block by block, retaining each block kept. The holder must not write the
   * slots it gave, which copy-on-write ensures. What is cached already stays as it is.
   */
  insert(prefix: ComputedPrefix): void {
    const { blockTokens } = this.#blocks;
    let parent: TreeNode | undefined;
    for (const [index, block] of prefix.blocks.entries()) {
      const start = index * blockTokens;
      const end = Math.min(start + blockTokens, prefix.numTokens);
      if (end <= start) break;
      const span = { tokens: prefix.tokens.slice(start, end), classes: prefix.classes.slice(start, end) };
      parent = this.#place(parent, span, block);
    }
    this.#touch(pathTo(parent));
  }

  /** Lets go of the leaf that was used longest ago and that nobody else holds; false when there is none. */
  evict(): boolean {
    let oldest: TreeNode | undefined;
    for (const node of this.#nodes) {
      if (node.children.size > 0 || this.#blocks.refCount(node.block) > 1) continue;
      if (oldest === undefined || node.lastUsed < oldest.lastUsed) oldest = node;
    }
    if (oldest === undefined) return false;
    this.#remove(oldest);
    return true;
  }

  /** Lets go of everything, shared or not. */
  clear(): void {
    for (const block of this.blocks()) this.#blocks.release(block);
    this.#nodes.clear();
    this.#roots.clear();
  }

  #childrenOf(parent: TreeNode | undefined): Map<TokenId, TreeNode[]> {
    return parent?.children ?? this.#roots;
  }

  #childrenStartingWith(parent: TreeNode | undefined, token: TokenId | undefined): readonly TreeNode[] {
    return token === undefined ? [] : (this.#childrenOf(parent).get(token) ?? []);
  }

  /** The child of `parent` that covers `span`: one that does already, one that grows to it, or a new one. */
  #place(parent: TreeNode | undefined, span: Span, block: BlockId): TreeNode {
    const siblings = this.#childrenStartingWith(parent, span.tokens[0]);
    for (const child of siblings) {
      const length = commonLength(child.span, span.tokens, span.classes, 0);
      if (length === span.tokens.length) return child;
      if (length === child.span.tokens.length) {
        // A partly filled block, which therefore has no children: the fuller one takes its place.
        this.#blocks.retain(block);
        this.#blocks.release(child.block);
        child.block = block;
        child.span = span;
        return child;
      }
    }
    this.#blocks.retain(block);
    const node: TreeNode = { parent, children: new Map(), span, block, lastUsed: 0 };
    const [first] = span.tokens;
    if (first !== undefined) this.#childrenOf(parent).set(first, [...siblings, node]);
    this.#nodes.add(node);
    return node;
  }

  #remove(node: TreeNode): void {
    const [first] = node.span.tokens;
    if (first !== undefined) {
      const siblings = this.#childrenOf(node.parent);
      const others = (siblings.get(first) ?? []).filter((other) => other !== node);
      if (others.length > 0) siblings.set(first, others);
      else siblings.delete(first);
    }
    this.#nodes.delete(node);
    this.#blocks.release(node.block);
  }

  #touch(path: readonly TreeNode[]): void {
    this.#numUses++;
    for (const node of path) node.lastUsed = this.#numUses;
  }
}

/** How many tokens from `start` on agree with the span, in id and, where classes are given, in class. */
function commonLength(
  span: Span,
  tokens: readonly TokenId[],
  classes: readonly TokenClass[] | undefined,
  start: number,
): number {
  const end = Math.min(span.tokens.length, tokens.length - start);
  for (let index = 0; index < end; index++) {
    if (span.tokens[index] !== tokens[start + index]) return index;
    if (classes !== undefined && span.classes[index] !== classes[start + index]) return index;
  }
  return end;
}

/** From the root's child down to `node`. */
function pathTo(node: TreeNode | undefined): readonly TreeNode[] {
  const path: TreeNode[] = [];
  for (let at = node; at !== undefined; at = at.parent) path.push(at);
  return path.reverse();
}
