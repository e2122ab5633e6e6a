import { describe, expect, it } from 'vitest';
import { blockId, tokenId } from '../tokens.ts';
import { validateBatch, type Batch, type BatchRow } from './batch.ts';

function row(sequence: number, position: number, changes: Partial<BatchRow> = {}): BatchRow {
  return { sequence, position, token: tokenId(5), tokenClass: 'prompt', wantLogits: false, ...changes };
}

const GENERATED = { tokenClass: 'generated', wantLogits: true } as const;
const COPY = { from: blockId(1), to: blockId(3), numTokens: 1 };
const VALID: Batch = {
  sequences: [
    { blockTable: [blockId(1), blockId(2)], length: 18 },
    { blockTable: [blockId(3)], length: 2 },
  ],
  rows: [row(0, 16), row(0, 17, { wantLogits: true }), row(1, 1, GENERATED)],
  copies: [COPY],
};

const [first, second, third] = VALID.rows;
if (first === undefined || second === undefined || third === undefined) throw new Error('three rows');

describe('validateBatch', () => {
  it('accepts a batch of both classes with a copy', () => {
    expect(() => {
      validateBatch(VALID, 16);
    }).not.toThrow();
  });

  it('accepts logits of several generated rows at the end of a sequence', () => {
    expect(() => {
      validateBatch({ ...VALID, rows: VALID.rows.map((entry) => ({ ...entry, ...GENERATED })) }, 16);
    }).not.toThrow();
  });

  it('accepts a pending token where a sequence has that row alone', () => {
    expect(() => {
      validateBatch({ ...VALID, rows: [first, second, { ...third, token: { logitRow: 0 } }] }, 16);
    }).not.toThrow();
  });

  it.each<[string, Partial<Batch>]>([
    ['from a pending token', { rows: [first, { ...second, token: { logitRow: 0 } }, third] }],
    ['prompt row comes after', { rows: [third, first, second] }],
    ['are apart', { rows: [first, { ...third, tokenClass: 'prompt', wantLogits: false }, second] }],
    ['do not ascend', { rows: [first, { ...second, position: 18 }, third] }],
    ['mixes classes', { rows: [first, { ...second, tokenClass: 'generated' }, third] }],
    ['in the middle', { rows: [{ ...first, ...GENERATED }, { ...second, ...GENERATED, wantLogits: false }, third] }],
    ['verifies prompt tokens', { rows: [{ ...first, wantLogits: true }, second, third] }],
    ['has no rows', { rows: [first, second] }],
    ['without a sequence', { rows: [...VALID.rows, row(7, 0, GENERATED)] }],
    ['does not end with its rows', { rows: [first, third] }],
    ['wrong length', { sequences: VALID.sequences.map((entry) => ({ ...entry, blockTable: [blockId(3)] })) }],
    [
      'a block twice',
      {
        sequences: VALID.sequences.map((entry, index) =>
          index ? entry : { ...entry, blockTable: [COPY.to, COPY.to] },
        ),
      },
    ],
    [
      'used by another',
      {
        sequences: VALID.sequences.map((entry, index) =>
          index ? entry : { ...entry, blockTable: [blockId(1), blockId(3)] },
        ),
      },
    ],
    ['same target', { copies: [COPY, { ...COPY, from: blockId(9) }] }],
    ['both a source and a target', { copies: [COPY, { from: blockId(3), to: blockId(2), numTokens: 1 }] }],
    ['a copy of 16 tokens', { copies: [{ ...COPY, numTokens: 16 }] }],
    ['is in 0 block tables', { copies: [{ ...COPY, to: blockId(8) }] }],
  ])('refuses: %s', (message, changes) => {
    expect(() => {
      validateBatch({ ...VALID, ...changes }, 16);
    }).toThrow(message);
  });
});
