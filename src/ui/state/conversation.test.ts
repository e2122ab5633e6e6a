import { describe, expect, it } from 'vitest';
import type { GenerationResult } from '../../worker/api.ts';
import {
  applyEvents,
  ask,
  editTurn,
  emptyConversation,
  engineIsBack,
  failAnswer,
  finishAnswer,
  isAnswering,
  latestStats,
  regenerate,
  startAnswer,
  toMessages,
  type Conversation,
} from './conversation.ts';

const RESULT: GenerationResult = {
  request: 'r',
  text: 'Hello there.',
  finishReason: 'stop',
  numPromptTokens: 5,
  numCachedTokens: 2,
  numGeneratedTokens: 3,
  numForcedTokens: 0,
  speculation: { numSteps: 3, numDraftTokens: 0, numAcceptedTokens: 0 },
  contextUsed: 8,
  contextLength: 64,
  timings: {
    timeToFirstTokenMs: 10,
    prefillMs: 8,
    decodeMs: 20,
    prefillTokensPerSecond: 600,
    decodeTokensPerSecond: 150,
  },
};

function answered(question: string, base: Conversation = emptyConversation('c')): Conversation {
  return finishAnswer(ask(base, question), RESULT);
}

describe('an answer', () => {
  it('grows by its deltas and keeps what the engine said of it', () => {
    const talk = applyEvents(ask(emptyConversation('c'), 'Hi'), [
      { kind: 'started', numPromptTokens: 5, numCachedTokens: 0, seed: 42 },
      { kind: 'turnsDropped', messages: [1, 2] },
      { kind: 'delta', text: 'Hel' },
      { kind: 'delta', text: 'lo' },
    ]);
    expect(talk.turns.at(-1)).toMatchObject({
      text: 'Hello',
      seed: 42,
      numDropped: 2,
      answer: { status: 'streaming', stage: { kind: 'writing' } },
    });
    expect(isAnswering(talk)).toBe(true);
  });

  it('shows each note once', () => {
    const note = { kind: 'note', text: 'A default template is used.' } as const;
    const talk = applyEvents(ask(emptyConversation('c'), 'Hi'), [note, note, { kind: 'note', text: 'Another.' }]);
    expect(talk.turns.at(-1)).toMatchObject({ notes: ['A default template is used.', 'Another.'] });
  });

  it('that failed can be asked for again when a model is loaded anew; others are left alone', () => {
    const failed = failAnswer(ask(answered('Hi'), 'More'), { name: 'DeviceLost', message: 'gone' });
    expect(engineIsBack(failed).turns.at(-1)).toMatchObject({ answer: { status: 'failed', engineIsBack: true } });
    expect(engineIsBack(failed).turns.slice(0, -1)).toEqual(failed.turns.slice(0, -1));
    const done = answered('Hi');
    expect(engineIsBack(done)).toBe(done);
  });

  it('ends with the text of the result, and late events change nothing', () => {
    const done = answered('Hi');
    expect(done.turns.at(-1)).toMatchObject({ text: 'Hello there.', answer: { status: 'done', finishReason: 'stop' } });
    expect(latestStats(done)).toMatchObject({ tokensPerSecond: 150, timeToFirstTokenMs: 10, contextUsed: 8 });
    expect(applyEvents(done, [{ kind: 'delta', text: ' late' }])).toBe(done);
    expect(isAnswering(done)).toBe(false);
  });

  it('that failed keeps what was written', () => {
    const talk = applyEvents(ask(emptyConversation('c'), 'Hi'), [{ kind: 'delta', text: 'Hel' }]);
    const failed = failAnswer(talk, { name: 'DeviceLost', message: 'gone' });
    expect(failed.turns.at(-1)).toMatchObject({
      text: 'Hel',
      answer: { status: 'failed', failure: { name: 'DeviceLost' } },
    });
  });
});

describe('changing what was said', () => {
  it('regenerating replaces the last answer alone', () => {
    const talk = answered('Two', answered('One'));
    const again = regenerate(talk);
    expect(again.turns.map((turn) => turn.kind)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(again.turns.slice(0, 3)).toEqual(talk.turns.slice(0, 3));
    expect(again.turns.at(-1)).toMatchObject({ text: '', answer: { status: 'streaming' } });
    expect(again.turns.at(-1)?.id).not.toBe(talk.turns.at(-1)?.id);
  });

  it('editing a turn drops everything after it', () => {
    const talk = answered('Two', answered('One'));
    const edited = editTurn(talk, 1, 'Uno');
    expect(edited.turns.map((turn) => turn.text)).toEqual(['Uno', '']);
    expect(editTurn(talk, 2, 'not a user turn')).toBe(talk);
  });

  it('does nothing where there is nothing to answer', () => {
    const empty = emptyConversation('c');
    expect(startAnswer(empty)).toBe(empty);
    expect(regenerate(empty)).toBe(empty);
  });
});

describe('messages', () => {
  it('have the system prompt first and leave the empty answer out', () => {
    expect(toMessages(ask(answered('One'), 'Two'), ' Be brief. ')).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Hello there.' },
      { role: 'user', content: 'Two' },
    ]);
    expect(toMessages(ask(emptyConversation('c'), 'One'), '  ')).toEqual([{ role: 'user', content: 'One' }]);
  });
});
