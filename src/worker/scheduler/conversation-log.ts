/**
 * What each conversation's tokens were and with which class they were computed (ids and classes, no KV), so that a
 * prompt which re-sends a conversation is computed with the classes of the first time, also when its blocks have gone
 * long since. Bounded in conversations and in tokens. Knows nothing of blocks, the prefix tree or sequences.
 */
import { LinnetError } from '../errors.ts';
import type { TokenClass, TokenId } from '../tokens.ts';

interface LoggedTokens {
  readonly tokens: Uint32Array;
  readonly generated: Uint8Array; // 1 for class `generated`
}

export class ConversationLog {
  readonly #maxConversations: number;
  readonly #maxTokens: number;
  readonly #logs = new Map<string, LoggedTokens>(); // the one used longest ago first

  /** @param maxTokens Kept of each conversation; 5 bytes each. Later tokens count as never seen. */
  constructor(maxConversations: number, maxTokens: number) {
    if (maxConversations < 1 || maxTokens < 1) {
      throw new LinnetError('Internal', 'A conversation log needs room for one conversation of one token.');
    }
    this.#maxConversations = maxConversations;
    this.#maxTokens = maxTokens;
  }

  get numConversations(): number {
    return this.#logs.size;
  }

  /** Replaces what is known of a conversation; the one used longest ago makes room. */
  record(conversation: string, tokens: readonly TokenId[], classes: readonly TokenClass[]): void {
    const generated = classes.slice(0, this.#maxTokens).map((tokenClass) => Number(tokenClass === 'generated'));
    this.#logs.delete(conversation);
    this.#logs.set(conversation, {
      tokens: Uint32Array.from(tokens.slice(0, this.#maxTokens)),
      generated: Uint8Array.from(generated),
    });
    for (const oldest of this.#logs.keys()) {
      if (this.#logs.size <= this.#maxConversations) break;
      this.#logs.delete(oldest);
    }
  }

  /** The class of each of `tokens`: the logged one as far as the ids agree with the log, `prompt` from there on. */
  classesFor(conversation: string, tokens: readonly TokenId[]): TokenClass[] {
    const classes = new Array<TokenClass>(tokens.length).fill('prompt');
    const log = this.#logs.get(conversation);
    if (log === undefined) return classes;
    this.#logs.delete(conversation);
    this.#logs.set(conversation, log);
    for (let index = 0; index < tokens.length && tokens[index] === log.tokens[index]; index++) {
      if (log.generated[index] === 1) classes[index] = 'generated';
    }
    return classes;
  }

  forget(conversation: string): void {
    this.#logs.delete(conversation);
  }
}
