import { describe, expect, it } from 'vitest';
import type { BlockId, TokenClass, TokenId } from '../tokens.ts';
import { BlockManager } from './block-manager.ts';
import { PrefixTree } from './prefix-tree.ts';
import { tokenRange, tokensOf } from './testing/fake-forward.ts';

function all(tokenClass: TokenClass, tokens: readonly TokenId[]): TokenClass[] {
  return tokens.map(() => tokenClass);
}

class Fixture {
  readonly blocks = new BlockManager(16, 16);
  readonly tree = new PrefixTree(this.blocks);

  /** Computes `tokens` in fresh blocks, inserts them and lets go of them. */
  cache(tokens: readonly TokenId[], classes: readonly TokenClass[] = all('prompt', tokens)): readonly BlockId[] {
    const table: BlockId[] = [];
    for (let position = 0; position < tokens.length; position += 16) this.blocks.makeWritable(table, position);
    const given = [...table];
    this.tree.insert({ tokens, classes, blocks: table, numTokens: tokens.length });
    this.blocks.truncate(table, 0);
    this.blocks.checkInvariants(this.tree.blocks());
    return given;
  }
}

describe('PrefixTree', () => {
  it('finds nothing in an empty tree, and nothing of another text', () => {
    const { tree, cache } = bound(new Fixture());
    expect(tree.match(tokenRange(0, 5))).toEqual({ numTokens: 0, blocks: [], classes: [] });
    cache(tokenRange(0, 20));
    expect(tree.match(tokenRange(100, 5)).numTokens).toBe(0);
    expect(tree.match([]).numTokens).toBe(0);
  });

  it('matches token by token: into a partly filled last block, and into a full one', () => {
    const { tree, cache } = bound(new Fixture());
    const blocks = cache(tokenRange(0, 37));
    expect(tree.match(tokenRange(0, 100))).toMatchObject({ numTokens: 37, blocks });
    expect(tree.match(tokenRange(0, 20))).toMatchObject({ numTokens: 20, blocks: blocks.slice(0, 2) });
    expect(tree.match([...tokenRange(0, 16), ...tokensOf(99)]).blocks).toEqual(blocks.slice(0, 1));
  });

  it('keeps one copy of what two sequences share', () => {
    const { tree, blocks, cache } = bound(new Fixture());
    cache([...tokenRange(0, 32), ...tokenRange(100, 16)]);
    cache([...tokenRange(0, 32), ...tokenRange(200, 16)]);
    expect(tree.numBlocks).toBe(4);
    expect(blocks.numFree).toBe(12);
    expect(tree.match([...tokenRange(0, 32), ...tokenRange(200, 3)]).numTokens).toBe(35);
  });

  it('lets a partly filled block grow, and keeps the fuller of two', () => {
    const { tree, cache } = bound(new Fixture());
    cache(tokenRange(0, 5));
    const grown = cache(tokenRange(0, 20));
    expect(tree.numBlocks).toBe(2);
    expect(tree.match(tokenRange(0, 20)).blocks).toEqual(grown);
    cache(tokenRange(0, 3));
    expect(tree.numBlocks).toBe(2);
    expect(tree.match(tokenRange(0, 20)).blocks).toEqual(grown);
  });

  it('is strict about classes where they are given, and returns them where not', () => {
    const { tree, cache } = bound(new Fixture());
    const tokens = tokenRange(0, 20);
    const classes: TokenClass[] = [...all('prompt', tokenRange(0, 10)), ...all('generated', tokenRange(0, 10))];
    cache(tokens, classes);
    expect(tree.match(tokens, all('prompt', tokens)).numTokens).toBe(10);
    expect(tree.match(tokens, classes).numTokens).toBe(20);
    expect(tree.match(tokens.slice(0, 12)).classes).toEqual(classes.slice(0, 12));
    // Both kinds of the same text can lie side by side.
    cache(tokens);
    expect(tree.match(tokens, all('prompt', tokens)).numTokens).toBe(20);
    expect(tree.match(tokens, classes).numTokens).toBe(20);
  });

  it('by ids alone finds the longest, whichever way the first block was computed', () => {
    const { tree, cache } = bound(new Fixture());
    cache(tokenRange(0, 18));
    cache(tokenRange(0, 30), all('generated', tokenRange(0, 30)));
    expect(tree.match(tokenRange(0, 40))).toMatchObject({
      numTokens: 30,
      classes: all('generated', tokenRange(0, 30)),
    });
  });

  it('evicts the leaf used longest ago, and never one in use', () => {
    const { tree, blocks, cache } = bound(new Fixture());
    const system = tokenRange(0, 16);
    cache([...system, ...tokenRange(100, 16)]);
    cache([...system, ...tokenRange(200, 16)]);
    const [, kept] = tree.match([...system, ...tokenRange(100, 16)]).blocks;
    expect(tree.evict()).toBe(true);
    expect(tree.match([...system, ...tokenRange(200, 16)]).numTokens).toBe(16);
    if (kept === undefined) throw new Error('two blocks were matched');
    blocks.retain(kept);
    expect(tree.numEvictable).toBe(1);
    expect(tree.evict()).toBe(false); // the system block is not a leaf
    blocks.release(kept);
    expect([tree.evict(), tree.evict(), tree.evict()]).toEqual([true, true, false]);
    expect(blocks.numFree).toBe(16);
  });

  it('gives everything back when cleared', () => {
    const { tree, blocks, cache } = bound(new Fixture());
    cache(tokenRange(0, 50));
    tree.clear();
    expect(tree.match(tokenRange(0, 50)).numTokens).toBe(0);
    expect(blocks.numFree).toBe(16);
  });
});

function bound(fixture: Fixture): { tree: PrefixTree; blocks: BlockManager; cache: Fixture['cache'] } {
  return { tree: fixture.tree, blocks: fixture.blocks, cache: fixture.cache.bind(fixture) };
}
