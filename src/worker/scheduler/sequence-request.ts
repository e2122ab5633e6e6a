/** What somebody wants of the scheduler: plain data. */
import type { TokenClass, TokenId } from '../tokens.ts';

export interface SequenceRequest {
  /** At least one, at most what the context and the pool hold. */
  readonly tokens: readonly TokenId[];
  /** Class of each token, where known. Default: the conversation's log. */
  readonly classes?: readonly TokenClass[];
  /**
   * Key into the conversation log; a client's id should be part of it. With neither this nor `classes`, tokens are
   * found in the cache by id alone and take the classes found there.
   */
  readonly conversation?: string;
  /** No token is computed to draw one beyond so many, prompt included; the host finishes the sequence there. Default: no end. */
  readonly maxTokens?: number;
  /** No row of it goes on from a token that is not known yet: what may follow depends on it. Default false. */
  readonly isReadAtOnce?: boolean;
}
