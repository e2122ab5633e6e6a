/**
 * Token ids to text, one at a time, for streaming: what `push` and `flush` return, joined, is what `decode` gives for
 * all of them. A character is emitted once its last byte is there, and U+FFFD once it is certain that it never comes.
 */
import type { TokenId } from '../tokens.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface DetokenizerOptions {
  /** Show control tokens, or some of them, as their text. Default: none. */
  readonly special?: boolean | ReadonlySet<TokenId>;
  /**
   * The text starts here instead of following a prompt, so the space that SPM put in front is dropped, as `decode`
   * does. Default false: generated text keeps the space that parts it from the prompt.
   */
  readonly atStart?: boolean;
}

export interface Detokenizer {
  push(id: TokenId): string;
  /** What is left of a character that broke off, as U+FFFD. The detokenizer can then be used anew, mid-text. */
  flush(): string;
}

export function createDetokenizer(tokenizer: Tokenizer, options: DetokenizerOptions = {}): Detokenizer {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const special = options.special ?? false;
  let dropsSpace = (options.atStart ?? false) && tokenizer.addSpacePrefix;
  return {
    push(id) {
      const bytes = tokenizer.decodeBytes(id, { special: typeof special === 'boolean' ? special : special.has(id) });
      const text = dropsSpace && bytes[0] === 0x20 ? bytes.subarray(1) : bytes;
      dropsSpace = false;
      return decoder.decode(text, { stream: true });
    },
    flush: () => decoder.decode(),
  };
}
