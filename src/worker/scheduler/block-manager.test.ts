import { describe, expect, it } from 'vitest';
import { blockId, type BlockId } from '../tokens.ts';
import { BlockManager } from './block-manager.ts';
import { seededRandom } from './testing/fake-forward.ts';

function filled(blocks: BlockManager, numTokens: number): BlockId[] {
  const table: BlockId[] = [];
  for (let position = 0; position < numTokens; position += blocks.blockTokens) blocks.makeWritable(table, position);
  return table;
}

describe('BlockManager', () => {
  it('gives blocks in order, and the one released last first', () => {
    const blocks = new BlockManager(3, 16);
    const table = filled(blocks, 33);
    expect(table).toEqual([0, 1, 2]);
    expect(blocks.allocate()).toBeUndefined();
    blocks.truncate(table, 1);
    expect(blocks.numFree).toBe(2);
    expect(blocks.allocate()).toBe(1);
  });

  it('copies a shared block when one of its holders appends, and only then', () => {
    const blocks = new BlockManager(4, 16);
    const parent = filled(blocks, 20);
    const child = blocks.fork(parent, 2);
    expect(child).toEqual(parent);
    expect(blocks.numFree).toBe(2);
    const copy = { from: 1, to: 2, numTokens: 4 };
    expect(blocks.makeWritable(child, 20)).toEqual({ kind: 'copy', copy });
    expect(child).toEqual([0, 2]);
    // The parent is now alone with its block.
    expect(blocks.makeWritable(parent, 20)).toEqual({ kind: 'ready' });
    blocks.checkInvariants([...parent, ...child]);
  });

  it('does not give out the source of a copy before the copy has run', () => {
    const blocks = new BlockManager(2, 16);
    const parent = filled(blocks, 4);
    const child = blocks.fork(parent, 1);
    blocks.makeWritable(child, 4);
    blocks.truncate(parent, 0);
    expect(blocks.allocate()).toBeUndefined();
    blocks.checkInvariants(child);
    blocks.endStep();
    expect(blocks.allocate()).toBe(0);
  });

  it('gives it out at once when the last copy from it is cancelled', () => {
    const blocks = new BlockManager(3, 16);
    const source = filled(blocks, 4);
    const tables = [blocks.fork(source, 1), blocks.fork(source, 1)];
    blocks.truncate(source, 0);
    // The second of the two holders writes in place, unless there was a third.
    const [one = [], other = []] = tables;
    const third = blocks.fork(one, 1);
    const grants = [blocks.makeWritable(one, 4), blocks.makeWritable(other, 4)];
    blocks.truncate(third, 0);
    for (const [index, grant] of grants.entries()) {
      expect(blocks.numFree).toBe(0);
      if (grant.kind !== 'copy') throw new Error(`grant ${String(index)} should be a copy`);
      blocks.cancelCopy(grant.copy);
    }
    expect(blocks.numFree).toBe(1);
  });

  it('says when it is full, and changes nothing', () => {
    const blocks = new BlockManager(1, 32);
    const parent = filled(blocks, 5);
    const child = blocks.fork(parent, 1);
    expect(blocks.makeWritable(child, 5)).toEqual({ kind: 'full' });
    expect(child).toEqual(parent);
    expect(blocks.makeWritable(parent, 32)).toEqual({ kind: 'full' });
    expect(parent).toHaveLength(1);
  });

  it('refuses misuse by name', () => {
    const blocks = new BlockManager(1, 16);
    const internal: unknown = expect.objectContaining({ name: 'Internal' });
    expect(() => new BlockManager(0, 16)).toThrow(internal);
    expect(() => new BlockManager(4, 24)).toThrow(internal);
    expect(() => {
      blocks.release(blockId(0));
    }).toThrow(internal);
    expect(() => {
      blocks.retain(blockId(0));
    }).toThrow(internal);
    expect(() => blocks.makeWritable([], 16)).toThrow(internal);
  });

  it('notices a leaked and a wrongly held block', () => {
    const blocks = new BlockManager(2, 16);
    const table = filled(blocks, 1);
    expect(() => {
      blocks.checkInvariants([]);
    }).toThrow('counts 1 references, 0 are held');
    expect(() => {
      blocks.checkInvariants([...table, blockId(1)]);
    }).toThrow('counts 0 references, 1 are held');
  });

  it('survives 100 000 random operations without a leak', () => {
    const random = seededRandom(7);
    const below = (limit: number): number => Math.floor(random() * limit);
    const blocks = new BlockManager(40, 16);
    const tables: { blocks: BlockId[]; numTokens: number }[] = [];
    for (let count = 0; count < 100_000; count++) {
      const table = tables[below(tables.length)];
      const dice = below(10);
      if (table === undefined || (dice === 0 && tables.length < 12)) tables.push({ blocks: [], numTokens: 0 });
      else if (dice < 7) {
        if (blocks.makeWritable(table.blocks, table.numTokens).kind !== 'full') {
          const written = table.blocks[Math.floor(table.numTokens / 16)] ?? blockId(99);
          if (blocks.refCount(written) !== 1) throw new Error('a shared block was granted');
          table.numTokens++;
        }
      } else if (dice < 8 && tables.length < 12) {
        const numTokens = below(table.numTokens + 1);
        tables.push({ blocks: blocks.fork(table.blocks, blocks.numBlocksFor(numTokens)), numTokens });
      } else {
        table.numTokens = below(table.numTokens + 1);
        blocks.truncate(table.blocks, blocks.numBlocksFor(table.numTokens));
      }
      if (dice === 9) blocks.endStep();
      if (count % 100 === 0) blocks.checkInvariants(tables.flatMap((entry) => entry.blocks));
    }
    blocks.endStep();
    for (const table of tables) blocks.truncate(table.blocks, 0);
    blocks.checkInvariants([]);
    expect(blocks.numFree).toBe(40);
  });
});
