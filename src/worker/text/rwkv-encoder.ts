/**
 * RWKV's "world" vocabulary: tokens are byte strings, written in the file as Python writes bytes, and a text is cut into
 * the longest token at each place. There are no merges and no scores.
 */
import { ByteTrie } from './byte-trie.ts';
import type { TokenId } from '../tokens.ts';
import { tokenId } from '../tokens.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordEncoder } from './word-encoder.ts';

const utf8 = new TextEncoder();
const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/** The bytes of a token as the file writes it: `\n`, `\xe4`, `\\` and so on; other characters are their own UTF-8. */
export function unescapeRwkvToken(escaped: string): Uint8Array {
  const bytes: number[] = [];
  for (const [part, hex, character] of escaped.matchAll(/\\x([0-9a-fA-F]{2})|\\(.)|[^\\]+|\\$/gsu)) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else
      for (const byte of utf8.encode(character === undefined ? part : (ESCAPED[character] ?? character)))
        bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A byte that no token starts with becomes the unknown token, or nothing where there is none. */
export function createRwkvEncoder(vocabulary: Vocabulary): WordEncoder {
  const trie = new ByteTrie();
  for (const [id, text] of vocabulary.texts.entries()) {
    // A control token is none of the text, though llama.cpp finds it there.
    if (text !== '' && vocabulary.kinds[id] !== 'control') trie.insert(unescapeRwkvToken(text), id);
  }
  return (text) => {
    const bytes = utf8.encode(text);
    const ids: TokenId[] = [];
    for (let at = 0; at < bytes.length;) {
      let longest = vocabulary.unknownId;
      let end = at + 1;
      trie.match(bytes, at, (id, after) => {
        longest = tokenId(id);
        end = after;
      });
      if (longest !== undefined) ids.push(longest);
      at = end;
    }
    return ids;
  };
}
