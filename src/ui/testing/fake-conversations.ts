/** What a scripted engine does with conversations: it notes it, and keeps a client's note for bytes. It computes nothing. */
import type { Engine } from '../../worker/api.ts';

type Conversations = Pick<
  Engine,
  'saveConversation' | 'restoreConversation' | 'forkConversation' | 'forgetConversation'
>;

/** @param log What was done, in its order. */
export function fakeConversations(log: string[]): Conversations {
  return {
    saveConversation: ({ conversation, note }) => {
      log.push(`save ${conversation}`);
      const bytes = new TextEncoder().encode(JSON.stringify(note));
      return Promise.resolve({ bytes, numTokens: 9, numComputedTokens: 8 });
    },
    restoreConversation: async ({ conversation, bytes }) => {
      log.push(`restore ${conversation}`);
      const note = JSON.parse(await new Blob([bytes]).text()) as string;
      return { numTokens: 9, numComputedTokens: 8, sameDevice: true, note };
    },
    forkConversation: ({ conversation, asNew }) => {
      log.push(`fork ${conversation} ${asNew}`);
      return Promise.resolve();
    },
    forgetConversation: (_client, conversation) => {
      log.push(`forget ${conversation}`);
      return Promise.resolve();
    },
  };
}
