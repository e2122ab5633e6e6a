/**
 * Attention as dispatches: rotated keys and values into the cache, queries over it, latents joined, a quantised cache's transform
 * undone. Knows nothing of projections.
 */
import {
  attentionFlash,
  attentionReduce,
  attentionReduceSinks,
  attentionRows,
  attentionSplit,
  latentJoin,
  NO_WINDOW,
} from '../../shaders/attention/attention.ts';
import { paddedRowElements } from '../../shaders/blocks/block-type.ts';
import { chunkElements, hadamard } from '../../shaders/hadamard/hadamard.ts';
import { ropeAppend, ropeThreadsPerHead } from '../../shaders/rope/rope.ts';
import { decodeGroup, type KernelVariants } from '../../shaders/variants.ts';
import { LinnetError } from '../errors.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LatentConfig, LayerConfig, ModelConfig } from './config.ts';
import { BLOCK_TOKENS, type KvShard } from './kv-pool.ts';
import type { AddDispatch } from './linear-dispatch.ts';
import type { LatentScratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import type { StepInputs } from './step-inputs.ts';

export interface AttentionContext {
  readonly inputs: StepInputs;
  readonly config: ModelConfig;
  readonly sizes: ModelSizes;
  readonly variants: KernelVariants;
}

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

export class AttentionOps {
  readonly #add: AddDispatch;
  readonly #context: AttentionContext;

  constructor(add: AddDispatch, context: AttentionContext) {
    this.#add = add;
    this.#context = context;
  }

  /** q = rotated queries; rotated keys and values go to the cache; a quantised one has all three transformed. */
  ropeAppend(qkv: BufferRange, q: BufferRange, shards: readonly KvShard[], layer: LayerConfig): void {
    const { numHeads, numKvHeads, headDim, ropes, rotateHalves } = this.#context.config;
    const table = layer.rope ?? 0;
    const [angles, rope] = [this.#context.inputs.angles[table], ropes[table]];
    if (angles === undefined || rope === undefined) throw new LinnetError('Internal', 'A layer without rotary angles.');
    const { padded, kv } = this.#context.sizes;
    const numThreads = (numHeads + 2 * numKvHeads) * ropeThreadsPerHead(kv.layout, headDim);
    shards.forEach((shard, index) => {
      this.#add(
        ropeAppend(kv.layout, headDim),
        [
          numHeads,
          numKvHeads,
          headDim,
          layer.rope === undefined ? 0 : rope.dim,
          padded.qkv,
          padded.q,
          BLOCK_TOKENS,
          shard.firstBlock,
          shard.numBlocks,
          rotateHalves ? 1 : 0,
          index === 0 ? 1 : 0,
          kv.hadamard,
          { f32: 1 / Math.sqrt(kv.hadamard) },
          rope.dim / 2 + 1,
        ],
        (step, params) => [
          step,
          params,
          qkv,
          angles,
          this.#context.inputs.rows,
          q,
          { buffer: shard.keys },
          { buffer: shard.values },
        ],
        (shape) => [Math.ceil(numThreads / 64), numRows(shape), 1],
      );
    });
  }

  /**
   * out = softmax(q K^T) V, causal, over the cache; where that holds transformed values, so is `out`. `sinks`: a logit of
   * each head that takes part in the softmax.
   */
  attend(
    q: BufferRange,
    shards: readonly KvShard[],
    partial: { out: BufferRange; stats: BufferRange },
    out: BufferRange,
    layer: LayerConfig,
    sinks?: BufferRange,
  ): void {
    const window = layer.window ?? NO_WINDOW;
    const { sharded } = this.#context.sizes;
    const [only] = shards;
    if (!sharded && only !== undefined) this.#promptRows(q, only, out, window, sinks);
    for (const shard of shards) this.#split(q, shard, partial, window);
    const { numHeads, headDim } = this.#context.config;
    const { chunkTokens, maxChunks, padded } = this.#context.sizes;
    this.#add(
      sinks === undefined ? attentionReduce : attentionReduceSinks,
      [numHeads, headDim / 4, chunkTokens, maxChunks, padded.q, sharded ? 1 : 0, window],
      (step, params) => [
        step,
        params,
        partial.out,
        partial.stats,
        this.#context.inputs.rows,
        out,
        ...(sinks ? [sinks] : []),
      ],
      (shape) => [Math.ceil((numHeads * headDim) / 4 / 64), sharded ? numRows(shape) : shape.numGenerated, 1],
    );
  }

  #split(q: BufferRange, shard: KvShard, partial: { out: BufferRange; stats: BufferRange }, window: number): void {
    const { numHeads, numKvHeads, headDim, attentionScale, attentionSoftcap } = this.#context.config;
    const { chunkTokens, maxChunks, padded, sharded, kv } = this.#context.sizes;
    const shape = { headsPerKv: numHeads / numKvHeads, headDim, chunk: chunkTokens };
    const group = decodeGroup(this.#context.variants.decodeAttention, shape);
    this.#add(
      attentionSplit(kv.layout, headDim, group, chunkTokens),
      [
        numHeads,
        numKvHeads,
        numHeads / numKvHeads / group,
        BLOCK_TOKENS,
        shard.firstBlock,
        shard.numBlocks,
        maxChunks,
        padded.q,
        sharded ? 1 : 0,
        { f32: attentionScale },
        window,
        { f32: attentionSoftcap },
      ],
      (step, params) => [
        step,
        params,
        q,
        { buffer: shard.keys },
        { buffer: shard.values },
        this.#context.inputs.rows,
        this.#context.inputs.tables,
        partial.out,
        partial.stats,
      ],
      (shape) => {
        const keys = sharded ? Math.max(shape.maxPromptKeys, shape.maxGeneratedKeys) : shape.maxGeneratedKeys;
        return [Math.ceil(keys / chunkTokens), numHeads / group, sharded ? numRows(shape) : shape.numGenerated];
      },
    );
  }

  #promptRows(q: BufferRange, shard: KvShard, out: BufferRange, window: number, sinks: BufferRange | undefined): void {
    const { numHeads, numKvHeads, headDim, attentionScale, attentionSoftcap } = this.#context.config;
    const { padded, kv } = this.#context.sizes;
    const byRows = this.#context.variants.attention === 'rows';
    this.#add(
      byRows ? attentionRows(kv.layout, sinks !== undefined) : attentionFlash(kv.layout, headDim, sinks !== undefined),
      [
        numKvHeads,
        numHeads / numKvHeads,
        BLOCK_TOKENS,
        padded.q,
        padded.q,
        { f32: attentionScale },
        headDim / 4,
        window,
        { f32: attentionSoftcap },
      ],
      (step, params) => [
        step,
        params,
        q,
        { buffer: shard.keys },
        { buffer: shard.values },
        this.#context.inputs.rows,
        this.#context.inputs.tables,
        ...(byRows ? [] : [this.#context.inputs.tiles]),
        out,
        ...(sinks ? [sinks] : []),
      ],
      (shape) => [byRows ? Math.ceil(shape.numPrompt / 64) : shape.numTiles, numHeads, 1],
    );
  }

  /** qkv of latent attention: queries in the space of latents, and the latent as key and as value. */
  latentJoin({ q, absorbed, kv }: LatentScratch, { rank, ropeDim, plainDim }: LatentConfig, qkv: BufferRange): void {
    const { numHeads, headDim } = this.#context.config;
    const kvWords = paddedRowElements(rank + ropeDim) / 4;
    this.#add(
      latentJoin,
      [numHeads, ropeDim / 4, rank / 4, plainDim / 4, kvWords, this.#context.sizes.padded.qkv / 4],
      (step, params) => [step, params, q, absorbed, kv, qkv],
      (shape) => [Math.ceil(((numHeads + 2) * headDim) / 4 / 64), numRows(shape), 1],
    );
  }

  /** What `attention` left in `x` as values of the model: itself, or what the cache's transform is undone in, `out`. */
  valuesOf(x: BufferRange, out: BufferRange): BufferRange {
    const { numHeads, headDim } = this.#context.config;
    const { padded, kv } = this.#context.sizes;
    if (kv.hadamard === 1) return x;
    const chunk = chunkElements(kv.hadamard);
    const numChunks = (numHeads * headDim) / chunk;
    this.#add(
      hadamard(kv.hadamard),
      [numChunks, kv.hadamard / chunk, padded.q, { f32: 1 / Math.sqrt(kv.hadamard) }],
      (_step, params) => [params, x, out],
      (shape) => [Math.ceil(numChunks / 64), numRows(shape), 1],
    );
    return out;
  }
}
