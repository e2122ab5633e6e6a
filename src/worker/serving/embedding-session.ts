/**
 * A loaded encoder at work: texts in, a vector each out, one request at a time. Knows nothing of where models come from, nor
 * of ports, and generates nothing.
 */
import type { EmbeddingResult, EmbedRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ModelRunner } from '../model/runner.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { Embedder } from './embedder.ts';

export class EmbeddingSession {
  readonly kind = 'embedding';
  readonly runner: ModelRunner;
  readonly tokenizer: Tokenizer;
  readonly #embedder: Embedder;
  #last: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(runner: ModelRunner, tokenizer: Tokenizer) {
    this.runner = runner;
    this.tokenizer = tokenizer;
    this.#embedder = new Embedder(runner);
  }

  /** Most tokens of a text, those that mark its ends among them. */
  get maxTokens(): number {
    return this.#embedder.maxTokens;
  }

  /**
   * @throws InvalidRequest, ContextFull naming the text; the signal's reason; DeviceLost, ModelNotLoaded when the session ends
   */
  async embed({ inputs, normalize = false }: EmbedRequest, signal: AbortSignal): Promise<EmbeddingResult> {
    const texts = inputs.map((input, i) => this.#tokensOf(input, i));
    const either = AbortSignal.any([signal, this.#closing.signal]);
    // The cache holds one step: the next request waits for this one.
    const vectors = this.#last.then(() => this.#embedder.embed(texts, either));
    this.#last = vectors.catch(() => undefined);
    const embeddings = await vectors;
    return {
      embeddings: normalize ? embeddings.map((vector) => normalized(vector)) : embeddings,
      numTokens: texts.reduce((sum, { length }) => sum + length, 0),
    };
  }

  /** Rejects what is running; resolves when the step under way is over. */
  async close(error: LinnetError): Promise<void> {
    this.#closing.abort(error);
    await this.#last;
  }

  #tokensOf(input: string | readonly number[], index: number): readonly TokenId[] {
    const ids =
      typeof input === 'string'
        ? this.tokenizer.encode(input, { addSpecial: true, parseSpecial: false })
        : input.map((id) => this.#known(id));
    if (ids.length === 0) {
      throw new LinnetError('InvalidRequest', `Text ${String(index)} is empty; an embedding needs a token at least.`);
    }
    if (ids.length <= this.maxTokens) return ids;
    throw new LinnetError(
      'ContextFull',
      `Text ${String(index)} has ${String(ids.length)} tokens, and this model takes ${String(this.maxTokens)} at once. Cut it into parts, or load the model with a longer context.`,
    );
  }

  #known(id: number): TokenId {
    const { vocabSize } = this.runner.plan;
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) return tokenId(id);
    throw new LinnetError(
      'InvalidRequest',
      `${String(id)} is no token of this model; ids go from 0 to ${String(vocabSize - 1)}.`,
    );
  }
}

/** Of length 1; a zero vector stays what it is. */
function normalized(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
