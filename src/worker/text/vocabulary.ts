/**
 * The tokens of a model file: texts, kinds, scores, and which of them are special or end a generation.
 * Reads and checks the metadata once; it knows nothing of how text is cut or merged.
 */
import { LinnetError } from '../errors.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { tokenId, type TokenId } from '../tokens.ts';

export type TokenKind = 'normal' | 'unknown' | 'control' | 'userDefined' | 'unused' | 'byte';

/** By the number in `tokenizer.ggml.token_type`; 0 is "undefined" and treated as normal. */
const KINDS: readonly TokenKind[] = ['normal', 'normal', 'unknown', 'control', 'userDefined', 'unused', 'byte'];

/** Texts that end a turn or a document in the models people use, whatever the file calls them. */
const END_TEXTS: ReadonlySet<string> = new Set([
  '</s>',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<end_of_utterance>',
  '<turn|>',
  '<eos>',
  '<EOT>',
  '[EOT]',
  '<｜end▁of▁sentence｜>',
]);

export interface Vocabulary {
  readonly texts: readonly string[]; // [vocabSize]
  readonly kinds: readonly TokenKind[]; // [vocabSize]
  /** [vocabSize] Merge scores of an SPM vocabulary; undefined when the file has none. */
  readonly scores: ArrayLike<number> | undefined;
  readonly bosId: TokenId | undefined;
  readonly eosId: TokenId | undefined;
  readonly unknownId: TokenId | undefined;
  readonly endIds: ReadonlySet<TokenId>;
  idOf(text: string): TokenId | undefined;
}

/** Throws GgufInvalid where arrays are missing, of different lengths, or an id lies outside. */
export function readVocabulary(metadata: TokenizerMetadata): Vocabulary {
  const texts = metadata.strings('tokenizer.ggml.tokens');
  if (texts === undefined || texts.length === 0) {
    throw new LinnetError(
      'GgufInvalid',
      'The file has no vocabulary (tokenizer.ggml.tokens). Use a complete GGUF file.',
    );
  }
  const types = arrayOfLength(metadata, 'tokenizer.ggml.token_type', texts.length);
  const scores = arrayOfLength(metadata, 'tokenizer.ggml.scores', texts.length);
  const ids = new Map<string, TokenId>();
  for (const [id, text] of texts.entries()) ids.set(text, tokenId(id)); // the last of equal texts wins

  const fileKinds = texts.map((_, id) => KINDS[types?.[id] ?? 1] ?? 'normal');
  const idAt = (key: string): TokenId | undefined => readId(metadata, key, texts.length);
  const eosId = idAt('tokenizer.ggml.eos_token_id');
  return {
    texts,
    kinds: withEndTextsAsControl(fileKinds, ids),
    scores,
    bosId: idAt('tokenizer.ggml.bos_token_id'),
    eosId,
    unknownId: idAt('tokenizer.ggml.unknown_token_id'),
    endIds: endIdsOf(fileKinds, ids, [eosId, idAt('tokenizer.ggml.eot_token_id'), idAt('tokenizer.ggml.eom_token_id')]),
    idOf: (text) => ids.get(text),
  };
}

/** Files often call an end token normal or user-defined; it is parsed as, and shown as, a control token all the same. */
function withEndTextsAsControl(kinds: readonly TokenKind[], ids: ReadonlyMap<string, TokenId>): TokenKind[] {
  const result = [...kinds];
  for (const text of END_TEXTS) {
    const id = ids.get(text);
    if (id !== undefined) result[id] = 'control';
  }
  return result;
}

/**
 * A text of END_TEXTS that the file calls normal does not end a generation: vocabularies trained on HTML have `</s>`
 * as an ordinary word, and stopping there would cut an answer short.
 */
function endIdsOf(
  kinds: readonly TokenKind[],
  ids: ReadonlyMap<string, TokenId>,
  named: readonly (TokenId | undefined)[],
): Set<TokenId> {
  const endIds = new Set(named.filter((id) => id !== undefined));
  // In the harmony format `<|end|>` ends one message of several; the answer goes on.
  const isHarmony = ids.has('<|return|>') && ids.has('<|call|>');
  for (const text of END_TEXTS) {
    const id = ids.get(text);
    if (id === undefined || (isHarmony && text === '<|end|>')) continue;
    if (kinds[id] === 'control' || kinds[id] === 'userDefined') endIds.add(id);
  }
  return endIds;
}

function arrayOfLength(metadata: TokenizerMetadata, key: string, length: number): ArrayLike<number> | undefined {
  const values = metadata.numbers(key);
  if (values !== undefined && values.length !== length) {
    throw new LinnetError(
      'GgufInvalid',
      `${key} has ${values.length} entries for ${length} tokens. The file is damaged.`,
    );
  }
  return values;
}

function readId(metadata: TokenizerMetadata, key: string, vocabSize: number): TokenId | undefined {
  const id = metadata.number(key);
  // Some files write -1 or its unsigned form for "none".
  if (id === undefined || id === -1 || id === 0xffffffff) return undefined;
  if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
    throw new LinnetError(
      'GgufInvalid',
      `${key} is ${id}, outside the vocabulary of ${vocabSize}. The file is damaged.`,
    );
  }
  return tokenId(id);
}
