/** What a conversation is made of, as plain data. */
import type { ConversationId, FinishReason, TokenLogprob } from '../../worker/api.ts';
import type { Failure } from '../errors.ts';
import type { Attachment } from './attachments.ts';

export type TurnId = number;

export interface AnswerStats {
  readonly tokensPerSecond: number;
  readonly timeToFirstTokenMs: number;
  readonly numGeneratedTokens: number;
  readonly numPromptTokens: number;
  readonly numCachedTokens: number;
  readonly contextUsed: number;
  readonly contextLength: number;
}

/** What a streaming answer is busy with. */
export type Stage =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'prefill'; readonly numDone: number; readonly numTotal: number }
  | { readonly kind: 'writing' };

export type Answer =
  | { readonly status: 'streaming'; readonly stage: Stage; readonly stopping: boolean }
  | { readonly status: 'done'; readonly finishReason: FinishReason; readonly stats: AnswerStats }
  | { readonly status: 'failed'; readonly failure: Failure; readonly engineIsBack: boolean };

/** A token of an answer, and the likeliest in its place. */
export interface TokenChoice extends TokenLogprob {
  readonly top: readonly TokenLogprob[];
}

export interface UserTurn {
  readonly kind: 'user';
  readonly id: TurnId;
  readonly text: string;
  /** Files that were sent with it. */
  readonly attachments?: readonly Attachment[];
}

export interface AssistantTurn {
  readonly kind: 'assistant';
  readonly id: TurnId;
  readonly text: string;
  readonly answer: Answer;
  /** What a person should know about how the prompt was made. */
  readonly notes: readonly string[];
  /** How many earlier messages no longer fitted and were left out for this answer. */
  readonly numDropped: number;
  /** Known once the engine has started; the same seed gives the same text. */
  readonly seed: number | undefined;
  /** What was drawn and what else might have been, where that was asked for. It ends with the page. */
  readonly tokens?: readonly TokenChoice[];
}

export type Turn = UserTurn | AssistantTurn;

export interface Conversation {
  readonly id: ConversationId;
  /** What is shown. */
  readonly turns: readonly Turn[];
  /** Other versions of questions and answers, each with what followed it. */
  readonly branches: readonly Branch[];
  readonly nextTurnId: TurnId;
}

/** Turns that are not shown: they followed the turn `parent`, which may itself be in another branch. */
export interface Branch {
  readonly parent: TurnId;
  readonly turns: readonly Turn[];
}
