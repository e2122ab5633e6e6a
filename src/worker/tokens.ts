/**
 * The numbers that could be confused with one another, branded, and the class of a token. Knows nothing of where they
 * come from. The four functions are the only casts: the named guards at the edge.
 */
import { LinnetError } from './errors.ts';

declare const brand: unique symbol;
type Brand<Name extends string> = number & { readonly [brand]: Name };

/** An index into the vocabulary. */
export type TokenId = Brand<'TokenId'>;
/** An index into the pool of KV blocks. */
export type BlockId = Brand<'BlockId'>;
/** An index into the pool of recurrent states. */
export type StateSlot = Brand<'StateSlot'>;
/** A sequence of the scheduler; grows with arrival, so that order of ids is order of arrival. */
export type SequenceId = Brand<'SequenceId'>;

/**
 * Which kernel family computes a token: `prompt` the GEMM family, `generated` the GEMV family, also when many are
 * verified or replayed at once. A property of the token, for its whole life; never of the number of rows beside it.
 */
export type TokenClass = 'prompt' | 'generated';

function checkIndex(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new LinnetError('InvalidRequest', `${what} must be a whole number from 0 up, but is ${String(value)}.`);
  }
}

export function tokenId(value: number): TokenId {
  checkIndex(value, 'A token id');
  return value as TokenId;
}

export function blockId(value: number): BlockId {
  checkIndex(value, 'A block id');
  return value as BlockId;
}

export function stateSlot(value: number): StateSlot {
  checkIndex(value, 'A state slot');
  return value as StateSlot;
}

export function sequenceId(value: number): SequenceId {
  checkIndex(value, 'A sequence id');
  return value as SequenceId;
}
