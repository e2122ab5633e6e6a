/**
 * Texts' tokens to vectors, with the runner of an encoder: as many texts a step as its rows hold, each as a whole. Knows no
 * tokenizers and no requests.
 */
import { LinnetError } from '../errors.ts';
import { Readback } from '../gpu/readback.ts';
import { BLOCK_TOKENS } from '../model/kv-pool.ts';
import type { ModelRunner } from '../model/runner.ts';
import type { Batch, BatchRow, BatchSequence } from '../scheduler/batch.ts';
import { blockId, type TokenId } from '../tokens.ts';

export class Embedder {
  readonly #runner: ModelRunner;
  readonly #readback: Readback;
  /** Bytes of a padded row. */
  readonly #rowBytes: number;

  /** @throws Internal for the runner of a decoder */
  constructor(runner: ModelRunner) {
    if (runner.plan.config.encoder === undefined) throw new LinnetError('Internal', 'A decoder gives no vectors.');
    const { padded, maxLogitRows } = runner.plan.sizes;
    this.#runner = runner;
    this.#rowBytes = padded.hidden * 4;
    this.#readback = new Readback(runner.gpu, 'embeddings', maxLogitRows * this.#rowBytes);
  }

  /** Most tokens of a text. */
  get maxTokens(): number {
    return this.#runner.plan.sizes.contextLength;
  }

  /**
   * The pooled vector of each text, not normalised, in the order of the texts. @param texts of 1 to `maxTokens` tokens
   * @throws the signal's reason, between two steps
   */
  async embed(texts: readonly (readonly TokenId[])[], signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    while (vectors.length < texts.length) {
      signal?.throwIfAborted();
      const some = this.#fitting(texts.slice(vectors.length));
      vectors.push(...(await this.#step(some)));
    }
    return vectors;
  }

  /** The first texts, as many as one step takes. */
  #fitting(texts: readonly (readonly TokenId[])[]): readonly (readonly TokenId[])[] {
    const { maxRows, maxLogitRows, kv } = this.#runner.plan.sizes;
    let [rows, blocks, count] = [0, 0, 0];
    for (const { length } of texts.slice(0, maxLogitRows)) {
      rows += length;
      blocks += Math.ceil(length / BLOCK_TOKENS);
      if (rows > maxRows || blocks > kv.numBlocks) break;
      count += 1;
    }
    if (count === 0) throw new LinnetError('Internal', 'A text that is longer than a step.');
    return texts.slice(0, count);
  }

  async #step(texts: readonly (readonly TokenId[])[]): Promise<readonly Float32Array[]> {
    const { gpu, plan, scratch } = this.#runner;
    const encoder = gpu.device.createCommandEncoder({ label: 'embed' });
    this.#runner.record(batchOf(texts), encoder);
    const read = this.#readback.record(encoder, scratch.pooled.buffer, texts.length * this.#rowBytes);
    this.#runner.submit(encoder);
    const bytes = await read();
    return texts.map((_, i) => new Float32Array(bytes.buffer, i * this.#rowBytes, plan.config.hiddenSize).slice());
  }
}

/** Every text a sequence of its own, from position 0 on; the row of its last token is the one that is wanted. */
function batchOf(texts: readonly (readonly TokenId[])[]): Batch {
  const sequences: BatchSequence[] = [];
  const rows: BatchRow[] = [];
  let firstBlock = 0;
  texts.forEach((tokens, sequence) => {
    const numBlocks = Math.ceil(tokens.length / BLOCK_TOKENS);
    const start = firstBlock;
    sequences.push({
      blockTable: Array.from({ length: numBlocks }, (_, i) => blockId(start + i)),
      length: tokens.length,
    });
    firstBlock += numBlocks;
    tokens.forEach((token, position) => {
      const wantLogits = position === tokens.length - 1;
      rows.push({ sequence, token, position, tokenClass: 'prompt', wantLogits });
    });
  });
  return { sequences, rows, copies: [] };
}
