/**
 * A loaded encoder at work: texts in, a vector each out, one request at a time. Knows nothing of where models come from, nor
 * of ports, and generates nothing.
 */
import type { EmbeddingResult, EmbedRequest } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ModelRunner } from '../model/runner.ts';
import { Mutex } from '../mutex.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { Embedder } from './embedder.ts';
import { embeddingResult, tokensOfTexts } from './embedding-texts.ts';

export class EmbeddingSession {
  readonly kind = 'embedding';
  readonly runner: ModelRunner;
  readonly tokenizer: Tokenizer;
  readonly #embedder: Embedder;
  readonly #requests = new Mutex();
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
  async embed(
    request: Pick<EmbedRequest, 'inputs' | 'normalize' | 'pooling'>,
    signal: AbortSignal,
  ): Promise<EmbeddingResult> {
    const { vocabSize, config } = this.runner.plan;
    const { pooling } = request;
    const own = config.encoder?.pooling ?? 'none';
    if (pooling !== undefined && pooling !== own) {
      throw new LinnetError(
        'InvalidRequest',
        `pooling is ${pooling}; this model for embeddings pools by ${own} alone.`,
      );
    }
    const { tokenizer, maxTokens } = this;
    const texts = tokensOfTexts(request, { tokenizer, vocabSize, maxTokens });
    const either = AbortSignal.any([signal, this.#closing.signal]);
    // The cache holds one step: the next request waits for this one.
    const vectors = await this.#requests.run(() => this.#embedder.embed(texts, either));
    return embeddingResult(texts, vectors, request);
  }

  /** Rejects what is running; resolves when the step under way is over. */
  async close(error: LinnetError): Promise<void> {
    this.#closing.abort(error);
    await this.#requests.run(() => Promise.resolve());
  }
}
