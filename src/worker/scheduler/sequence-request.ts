/** What a sequence is added with, and the sequence that it becomes: tokens that are checked, with their classes as far as they are known. */
import { LinnetError } from '../errors.ts';
import type { SequenceId, TokenClass, TokenId } from '../tokens.ts';
import type { ConversationLog } from './conversation-log.ts';
import { Sequence } from './sequence.ts';

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

/** @throws LinnetError `ContextFull` for a prompt that can never fit, `InvalidRequest` for an empty one. */
export function sequenceOf(
  { tokens, classes, conversation, maxTokens = Infinity, isReadAtOnce = false }: SequenceRequest,
  id: SequenceId,
  contextLength: number,
  log: ConversationLog,
): Sequence {
  if (tokens.length === 0 || (classes !== undefined && classes.length !== tokens.length)) {
    throw new LinnetError('InvalidRequest', 'A prompt needs at least one token, and classes for all or none.');
  }
  if (tokens.length > contextLength) {
    const numbers = `${String(tokens.length)} tokens, the context holds ${String(contextLength)}`;
    throw new LinnetError('ContextFull', `The prompt has ${numbers}. Shorten it or load with a longer context.`);
  }
  const logged = conversation === undefined ? undefined : log.classesFor(conversation, tokens);
  const known = classes ?? logged;
  return new Sequence({
    id,
    tokens,
    classes: known ?? new Array<TokenClass>(tokens.length).fill('prompt'),
    classesAreFixed: known !== undefined,
    conversation,
    isReadAtOnce,
    numPromptTokens: tokens.length,
    maxTokens,
    state: { kind: 'waiting' },
    numComputed: 0,
    blockTable: [],
  });
}
