/** What every request for vectors has: texts as tokens, and vectors of length 1. Knows no model and no GPU. */
import type { EmbeddingResult, EmbedRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { TokenId } from '../tokens.ts';
import { knownIds } from './prompt.ts';

export interface TextLimits {
  readonly tokenizer: Tokenizer;
  /** Rows of the model's embedding. */
  readonly vocabSize: number;
  readonly maxTokens: number;
}

/** The tokens of each text. @throws InvalidRequest, ContextFull naming the text */
export function tokensOfTexts(
  { inputs }: Pick<EmbedRequest, 'inputs'>,
  { tokenizer, vocabSize, maxTokens }: TextLimits,
): readonly (readonly TokenId[])[] {
  return inputs.map((input, index) => {
    const ids =
      typeof input === 'string'
        ? tokenizer.encode(input, { addSpecial: true, parseSpecial: false })
        : knownIds(input, vocabSize);
    if (ids.length === 0) {
      throw new LinnetError('InvalidRequest', `Text ${String(index)} is empty; an embedding needs a token at least.`);
    }
    if (ids.length <= maxTokens) return ids;
    throw new LinnetError(
      'ContextFull',
      `Text ${String(index)} has ${String(ids.length)} tokens, and this model takes ${String(maxTokens)} at once. Cut it into parts, or load the model with a longer context.`,
    );
  });
}

/** What a request gets. */
export function embeddingResult(
  texts: readonly (readonly TokenId[])[],
  vectors: readonly Float32Array[],
  { normalize = false }: Pick<EmbedRequest, 'normalize'>,
): EmbeddingResult {
  return {
    embeddings: normalize ? vectors.map(normalized) : vectors,
    numTokens: texts.reduce((sum, { length }) => sum + length, 0),
  };
}

/** Of length 1; a zero vector stays what it is. */
function normalized(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
