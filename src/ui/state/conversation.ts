/**
 * A conversation and what can happen to it: pure functions from one conversation to the next. It knows nothing of the
 * engine's calls, of time or of how a turn looks; ids come from the conversation's own counter.
 */
import type { ChatMessage, ConversationId, GenerationEvent, GenerationResult } from '../../worker/api.ts';
import type { Failure } from '../errors.ts';
import { messageText, type Attachment } from './attachments.ts';
import { setAside } from './branches.ts';
import type { Answer, AnswerStats, AssistantTurn, Conversation, Stage, Turn, TurnId, UserTurn } from './turns.ts';

export type * from './turns.ts';

export function emptyConversation(id: ConversationId): Conversation {
  return { id, turns: [], branches: [], nextTurnId: 1 };
}

/** The user's turn and the empty answer to it. */
export function ask(conversation: Conversation, text: string, attachments: readonly Attachment[] = []): Conversation {
  const files = attachments.length === 0 ? {} : { attachments };
  const user: UserTurn = { kind: 'user', id: conversation.nextTurnId, text, ...files };
  return startAnswer({ ...conversation, turns: [...conversation.turns, user], nextTurnId: user.id + 1 });
}

/** An empty answer after the last turn, which must be the user's; else nothing changes. */
export function startAnswer(conversation: Conversation): Conversation {
  if (conversation.turns.at(-1)?.kind !== 'user') return conversation;
  const turn: AssistantTurn = {
    kind: 'assistant',
    id: conversation.nextTurnId,
    text: '',
    answer: { status: 'streaming', stage: { kind: 'waiting' }, stopping: false },
    notes: [],
    numDropped: 0,
    seed: undefined,
  };
  return { ...conversation, turns: [...conversation.turns, turn], nextTurnId: turn.id + 1 };
}

/** Another answer to the last question; the one before is set aside. */
export function regenerate(conversation: Conversation): Conversation {
  const last = conversation.turns.at(-1);
  if (last?.kind !== 'assistant') return conversation;
  return startAnswer(setAside(conversation, conversation.turns.length - 1));
}

/** The user's turn with another text and the same files, and an answer starts; what stood there, and what followed it, is set aside. */
export function editTurn(conversation: Conversation, id: TurnId, text: string): Conversation {
  const index = conversation.turns.findIndex((turn) => turn.id === id);
  const turn = conversation.turns[index];
  return turn?.kind === 'user' ? ask(setAside(conversation, index), text, turn.attachments) : conversation;
}

/** What the engine told, in order; ignored once the answer has ended. */
export function applyEvents(conversation: Conversation, events: readonly GenerationEvent[]): Conversation {
  return changeStreaming(conversation, (turn) => events.reduce(applyEvent, turn));
}

function applyEvent(turn: AssistantTurn, event: GenerationEvent): AssistantTurn {
  switch (event.kind) {
    case 'started':
      return { ...turn, seed: event.seed };
    case 'prefill':
      return withStage(turn, { kind: 'prefill', numDone: event.numDone, numTotal: event.numTotal });
    case 'delta':
      return withStage({ ...turn, text: turn.text + event.text }, { kind: 'writing' });
    case 'turnsDropped':
      return { ...turn, numDropped: event.messages.length };
    case 'note':
      return turn.notes.includes(event.text) ? turn : { ...turn, notes: [...turn.notes, event.text] };
    case 'toolCall':
    case 'toolArguments':
      // The app gives no tools; what a model calls by itself is in its text.
      return turn;
    case 'logprobs':
      // The end of an answer is drawn too, and is no part of its text.
      return event.isEnd ? turn : { ...turn, tokens: [...(turn.tokens ?? []), { ...event.chosen, top: event.top }] };
  }
}

function withStage(turn: AssistantTurn, stage: Stage): AssistantTurn {
  return turn.answer.status === 'streaming' ? { ...turn, answer: { ...turn.answer, stage } } : turn;
}

export function markStopping(conversation: Conversation): Conversation {
  return changeStreaming(conversation, (turn) =>
    turn.answer.status === 'streaming' ? { ...turn, answer: { ...turn.answer, stopping: true } } : turn,
  );
}

/** The result's text is the whole truth, whatever the events said. */
export function finishAnswer(conversation: Conversation, result: GenerationResult): Conversation {
  const stats: AnswerStats = {
    tokensPerSecond: result.timings.decodeTokensPerSecond,
    timeToFirstTokenMs: result.timings.timeToFirstTokenMs,
    numGeneratedTokens: result.numGeneratedTokens,
    numPromptTokens: result.numPromptTokens,
    numCachedTokens: result.numCachedTokens,
    contextUsed: result.contextUsed,
    contextLength: result.contextLength,
  };
  const answer: Answer = { status: 'done', finishReason: result.finishReason, stats };
  return changeStreaming(conversation, (turn) => ({ ...turn, text: result.text, answer }));
}

/** What was written so far stays. */
export function failAnswer(conversation: Conversation, failure: Failure): Conversation {
  return changeStreaming(conversation, (turn) => ({
    ...turn,
    answer: { status: 'failed', failure, engineIsBack: false },
  }));
}

/** A model is loaded anew: whatever an answer failed for, now it can be asked for again. */
export function engineIsBack(conversation: Conversation): Conversation {
  const last = conversation.turns.at(-1);
  if (last?.kind !== 'assistant' || last.answer.status !== 'failed') return conversation;
  const turn: AssistantTurn = { ...last, answer: { ...last.answer, engineIsBack: true } };
  return { ...conversation, turns: [...conversation.turns.slice(0, -1), turn] };
}

/** The messages to send: a system prompt if there is one, then every turn that says something. */
export function toMessages(conversation: Conversation, systemPrompt: string): readonly ChatMessage[] {
  const system: readonly ChatMessage[] =
    systemPrompt.trim() === '' ? [] : [{ role: 'system', content: systemPrompt.trim() }];
  const said = conversation.turns.filter((turn) => turn.kind === 'user' || turn.text !== '');
  return [...system, ...said.map((turn) => ({ role: turn.kind, content: sentText(turn) }))];
}

/** What the model reads of a turn. */
function sentText(turn: Turn): string {
  return turn.kind === 'user' ? messageText(turn.text, turn.attachments) : turn.text;
}

/** The same as one text, for models that go on with a text: answers follow what was said without a break. */
export function toText(conversation: Conversation, systemPrompt: string): string {
  const said = toMessages(conversation, systemPrompt);
  return said.map(({ role, content }, i) => (i === 0 || role === 'assistant' ? content : `\n\n${content}`)).join('');
}

/** A system prompt with what the page says that the chat stands in. */
export function withContext(systemPrompt: string, context: string): string {
  return [systemPrompt.trim(), `The page that this conversation is about:\n\n${context}`]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function isAnswering(conversation: Conversation): boolean {
  const last = conversation.turns.at(-1);
  return last?.kind === 'assistant' && last.answer.status === 'streaming';
}

/** The stats of the newest answer that has any: they say how full the context is. */
export function latestStats(conversation: Conversation): AnswerStats | undefined {
  for (const turn of [...conversation.turns].reverse()) {
    if (turn.kind === 'assistant' && turn.answer.status === 'done') return turn.answer.stats;
  }
  return undefined;
}

function changeStreaming(conversation: Conversation, change: (turn: AssistantTurn) => AssistantTurn): Conversation {
  const last = conversation.turns.at(-1);
  if (last?.kind !== 'assistant' || last.answer.status !== 'streaming') return conversation;
  return { ...conversation, turns: [...conversation.turns.slice(0, -1), change(last)] };
}
