/** Which events tell the page what, over states as the controllers make them. */
import { describe, expect, it } from 'vitest';
import type { GenerationResult, LoadedModel } from '../../worker/api.ts';
import { initialState, type AppState, type Phase } from '../state/app-state.ts';
import { showVersion } from '../state/branches.ts';
import {
  ask,
  emptyConversation,
  failAnswer,
  finishAnswer,
  regenerate,
  type Conversation,
} from '../state/conversation.ts';
import { eventsBetween } from './events.ts';

const MODEL = { inspection: { name: 'Small One' } } as LoadedModel;
const EMPTY = initialState({ conversationId: 'c' });
const RESULT = { text: 'Hello.', finishReason: 'stop', timings: {} } as GenerationResult;

const inPhase = (phase: Phase): AppState => ({ ...EMPTY, phase });
const saying = (conversation: Conversation): AppState => ({ ...EMPTY, conversation });

describe('a model', () => {
  it('is told when it can answer, and not again after a look at the list', () => {
    const ready = inPhase({ kind: 'ready', model: MODEL });
    const choosing = inPhase({ kind: 'choosing', loaded: MODEL });
    expect(eventsBetween(EMPTY, ready)).toEqual([{ type: 'linnet-ready', detail: { model: 'Small One' } }]);
    expect(eventsBetween(ready, choosing)).toEqual([]);
    expect(eventsBetween(choosing, ready)).toEqual([]);
    expect(eventsBetween(ready, { ...ready, notice: 'x' })).toEqual([]);
  });

  it('that cannot be had is an error with its name, and so is a browser without WebGPU', () => {
    const failure = { name: 'HttpFailed', message: 'status 404' } as const;
    const lost = inPhase({ kind: 'workerLost', failure, choice: undefined });
    expect(eventsBetween(EMPTY, lost)).toEqual([{ type: 'linnet-error', detail: failure }]);
    expect(eventsBetween(EMPTY, inPhase({ kind: 'noWebGpu', reason: 'none' }))).toEqual([
      { type: 'linnet-error', detail: { name: 'NoWebGpu', message: 'none' } },
    ]);
  });
});

describe('a message', () => {
  const asked = saying(ask(emptyConversation('c'), 'Hi'));
  const answered = saying(finishAnswer(asked.conversation, RESULT));
  const user = { type: 'linnet-message', detail: { role: 'user', text: 'Hi' } };
  const assistant = { type: 'linnet-message', detail: { role: 'assistant', text: 'Hello.', finishReason: 'stop' } };

  it('is told when it is asked, and when its answer is whole', () => {
    expect(eventsBetween(EMPTY, asked)).toEqual([user]);
    expect(eventsBetween(asked, answered)).toEqual([assistant]);
  });

  it('that failed is an error', () => {
    const failure = { name: 'DeviceLost', message: 'gone' } as const;
    expect(eventsBetween(asked, saying(failAnswer(asked.conversation, failure)))).toEqual([
      { type: 'linnet-error', detail: failure },
    ]);
  });

  it('is told once: not when another version of it is shown again', () => {
    const again = saying(regenerate(answered.conversation));
    const second = saying(finishAnswer(again.conversation, RESULT));
    expect(eventsBetween(answered, again)).toEqual([]);
    expect(eventsBetween(again, second)).toEqual([assistant]);
    expect(eventsBetween(second, saying(showVersion(second.conversation, 2)))).toEqual([]);
    expect(eventsBetween(second, saying(emptyConversation('other')))).toEqual([]);
  });
});
