/** What every request for vectors has: texts as tokens, and vectors of length 1. Knows no model and no GPU. */
import type { EmbedRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenId, type TokenId } from '../tokens.ts';

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
        : input.map((id) => knownToken(id, vocabSize));
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

/** Of length 1; a zero vector stays what it is. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function knownToken(id: number, vocabSize: number): TokenId {
  if (Number.isInteger(id) && id >= 0 && id < vocabSize) return tokenId(id);
  throw new LinnetError(
    'InvalidRequest',
    `${String(id)} is no token of this model; ids go from 0 to ${String(vocabSize - 1)}.`,
  );
}
