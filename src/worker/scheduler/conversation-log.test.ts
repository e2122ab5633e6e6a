import { describe, expect, it } from 'vitest';
import type { TokenClass } from '../tokens.ts';
import { ConversationLog } from './conversation-log.ts';
import { tokensOf } from './testing/fake-forward.ts';

const CLASSES: readonly TokenClass[] = ['prompt', 'generated', 'prompt', 'generated'];

describe('ConversationLog', () => {
  it('gives the logged classes as far as the tokens agree, and `prompt` from there on', () => {
    const log = new ConversationLog(4, 100);
    log.record('a', tokensOf(1, 2, 3, 4), CLASSES);
    expect(log.classesFor('a', tokensOf(1, 2, 3, 4, 5))).toEqual([...CLASSES, 'prompt']);
    expect(log.classesFor('a', tokensOf(1, 2, 9, 4))).toEqual(['prompt', 'generated', 'prompt', 'prompt']);
    expect(log.classesFor('b', tokensOf(1, 2))).toEqual(['prompt', 'prompt']);
    log.forget('a');
    expect(log.classesFor('a', tokensOf(1, 2))).toEqual(['prompt', 'prompt']);
  });

  it('is bounded in tokens and in conversations, and lets go of the one used longest ago', () => {
    const log = new ConversationLog(2, 2);
    log.record('a', tokensOf(1, 2, 3, 4), CLASSES);
    expect(log.classesFor('a', tokensOf(1, 2, 3, 4))).toEqual(['prompt', 'generated', 'prompt', 'prompt']);
    log.record('b', tokensOf(1, 2), ['generated', 'generated']);
    log.classesFor('a', tokensOf(1));
    log.record('c', tokensOf(1, 2), ['generated', 'generated']);
    expect(log.numConversations).toBe(2);
    expect(log.classesFor('a', tokensOf(1, 2))).toEqual(['prompt', 'generated']);
    expect(log.classesFor('b', tokensOf(1, 2))).toEqual(['prompt', 'prompt']);
  });
});
