/**
 * The tokens of a model file: texts, kinds, scores, and which of them are special or end a generation.
 * Reads and checks the metadata once; it knows nothing of how text is cut or merged.
 */
import { LinnetError } from '../errors.ts';
import { END_TEXTS, FIM_NAMES, FIM_ROLES, type FimRole } from './known-texts.ts';
import type { TokenizerMetadata } from './metadata.ts';
import { tokenId, type TokenId } from '../tokens.ts';

export type TokenKind = 'normal' | 'unknown' | 'control' | 'userDefined' | 'unused' | 'byte';

/** By the number in `tokenizer.ggml.token_type`; 0 is "undefined" and treated as normal. */
const KINDS: readonly TokenKind[] = ['normal', 'normal', 'unknown', 'control', 'userDefined', 'unused', 'byte'];

/** The ids that a file which does not name them means: those of the tokenizer its kind comes from. */
export interface DefaultIds {
  readonly bos?: number;
  readonly eos?: number;
  readonly unknown?: number;
  readonly separator?: number;
}

export interface Vocabulary {
  readonly texts: readonly string[]; // [vocabSize]
  readonly kinds: readonly TokenKind[]; // [vocabSize]
  /** [vocabSize] Merge scores of an SPM vocabulary; undefined when the file has none. */
  readonly scores: ArrayLike<number> | undefined;
  readonly bosId: TokenId | undefined;
  readonly eosId: TokenId | undefined;
  readonly unknownId: TokenId | undefined;
  /** `[SEP]` of a WordPiece vocabulary, behind every text. */
  readonly separatorId: TokenId | undefined;
  /** The tokens of a prompt that asks for the text between two others; empty where the model has none. */
  readonly fimIds: ReadonlyMap<FimRole, TokenId>;
  readonly endIds: ReadonlySet<TokenId>;
  idOf(text: string): TokenId | undefined;
}

/** Throws GgufInvalid where arrays are missing, of different lengths, or an id lies outside. */
export function readVocabulary(metadata: TokenizerMetadata, defaults: DefaultIds = {}): Vocabulary {
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
  /** A default holds only where the file does not call that token an ordinary one. */
  const idAt = (name: string, fallback?: number): TokenId | undefined =>
    readId(metadata, `tokenizer.ggml.${name}_token_id`, texts.length) ??
    (fallback !== undefined && (fileKinds[fallback] ?? 'normal') !== 'normal' ? tokenId(fallback) : undefined);
  const eosId = idAt('eos', defaults.eos);
  const fimIds = fimIdsOf(ids, idAt);
  return {
    texts,
    kinds: withSpecialTextsAsControl(fileKinds, ids),
    scores,
    bosId: idAt('bos') ?? idAt('cls', defaults.bos),
    eosId,
    unknownId: idAt('unknown', defaults.unknown),
    separatorId: idAt('seperator') ?? idAt('separator', defaults.separator), // the first is how the files spell it
    fimIds,
    endIds: endIdsOf(fileKinds, ids, [eosId, idAt('eot'), idAt('eom')], fimIds),
    idOf: (text) => ids.get(text),
  };
}

function fimIdsOf(
  ids: ReadonlyMap<string, TokenId>,
  idAt: (name: string) => TokenId | undefined,
): Map<FimRole, TokenId> {
  const fimIds = new Map<FimRole, TokenId>();
  for (const role of FIM_ROLES) {
    const { keys, texts } = FIM_NAMES[role];
    const id =
      keys.map((key) => idAt(key)).find((found) => found !== undefined) ??
      texts.map((text) => ids.get(text)).find((found) => found !== undefined);
    if (id !== undefined) fimIds.set(role, id);
  }
  return fimIds;
}

/**
 * Files often call an end token or one for filling in normal or user-defined; it is parsed as, and shown as, a control
 * token all the same.
 */
function withSpecialTextsAsControl(kinds: readonly TokenKind[], ids: ReadonlyMap<string, TokenId>): TokenKind[] {
  const result = [...kinds];
  for (const text of [...END_TEXTS, ...FIM_ROLES.flatMap((role) => FIM_NAMES[role].texts)]) {
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
  fimIds: ReadonlyMap<FimRole, TokenId>,
): Set<TokenId> {
  const endIds = new Set(named.filter((id) => id !== undefined));
  for (const [role, id] of fimIds) {
    if (FIM_NAMES[role].isEnd && (kinds[id] === 'control' || kinds[id] === 'userDefined')) endIds.add(id);
  }
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
