/**
 * Attention as dispatches: queries and keys rotated, keys and values appended to a layer's cache, and read from there. Layers
 * may differ in the width and number of their heads. Knows nothing of tensors or of which layer shares whose cache.
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
import { BLOCK_TOKENS, type KvShard, type LayerKv } from './kv-pool.ts';
import type { AddDispatch } from './linear-dispatch.ts';
import type { LatentScratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import type { Pages, StepInputs } from './step-inputs.ts';

export interface AttentionContext extends Pick<KernelVariants, 'attention' | 'decodeAttention'> {
  readonly inputs: StepInputs;
  readonly config: ModelConfig;
  readonly sizes: ModelSizes;
}

/** Of split attention: unnormalised outputs of chunks, and their (max, sum). */
interface Partial {
  readonly out: BufferRange;
  readonly stats: BufferRange;
}

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

/** Floats of a row of queries, or of attention's output: as the product behind attention takes them. */
function queryStride({ numHeads }: ModelConfig, { headDim }: LayerConfig): number {
  return Math.ceil((numHeads * headDim) / 32) * 32;
}

export class AttentionOps {
  readonly #add: AddDispatch;
  readonly #context: AttentionContext;

  constructor(add: AddDispatch, context: AttentionContext) {
    this.#add = add;
    this.#context = context;
  }

  /**
   * q = rotated queries; rotated keys and values go to the cache; a quantised one has all three transformed. `queriesOnly`: a
   * row of `qkv` has no keys and values, those of the cache are another layer's.
   */
  ropeAppend(qkv: BufferRange, q: BufferRange, cache: LayerKv, layer: LayerConfig, queriesOnly: boolean): void {
    const { inputs, config, sizes } = this.#context;
    const { numHeads, ropes, rotateHalves } = config;
    const { headDim } = layer;
    const table = layer.rope ?? 0;
    const [angles, rope] = [inputs.angles[table], ropes[table]];
    if (angles === undefined || rope === undefined) throw new LinnetError('Internal', 'A layer without rotary angles.');
    const { padded, kv } = sizes;
    const stride = queryStride(config, layer);
    const { hadamard: block } = cache.plan;
    const numKvHeads = queriesOnly ? 0 : layer.numKvHeads;
    const numThreads = (numHeads + 2 * numKvHeads) * ropeThreadsPerHead(kv.layout, headDim);
    const shards = queriesOnly ? cache.shards.slice(0, 1) : cache.shards;
    const { rows } = inputs.pagesOf(cache.plan);
    shards.forEach((shard, index) => {
      this.#add(
        ropeAppend(kv.layout, headDim),
        [
          numHeads,
          numKvHeads,
          headDim,
          layer.rope === undefined ? 0 : rope.dim,
          padded.qkv,
          stride,
          BLOCK_TOKENS,
          shard.firstBlock,
          shard.numBlocks,
          rotateHalves ? 1 : 0,
          index === 0 ? 1 : 0,
          block,
          { f32: 1 / Math.sqrt(block) },
          rope.dim / 2 + 1,
        ],
        (step, params) => [step, params, qkv, angles, rows, q, { buffer: shard.keys }, { buffer: shard.values }],
        (shape) => [Math.ceil(numThreads / 64), numRows(shape), 1],
      );
    });
  }

  /**
   * out = softmax(q K^T) V over the keys of the cache that a row may see; where that holds transformed values, so is `out`.
   * `sinks`: a logit of each head that takes part in the softmax; of decoders.
   */
  attend(
    q: BufferRange,
    { plan, shards }: LayerKv,
    partial: Partial,
    out: BufferRange,
    layer: LayerConfig,
    sinks?: BufferRange,
  ): void {
    const { inputs, config, sizes } = this.#context;
    const window = layer.window ?? NO_WINDOW;
    const { sharded, chunkTokens, maxChunks } = sizes;
    const [only] = shards;
    const pages = inputs.pagesOf(plan);
    if (!sharded && only !== undefined) this.#promptRows(q, only, pages, out, layer, sinks);
    if (config.encoder !== undefined) return; // no row is generated
    for (const shard of shards) this.#split(q, shard, pages, partial, layer, window);
    const { numHeads } = config;
    const { headDim } = layer;
    this.#add(
      sinks === undefined ? attentionReduce : attentionReduceSinks,
      [numHeads, headDim / 4, chunkTokens, maxChunks, queryStride(config, layer), sharded ? 1 : 0, window],
      (step, params) => [step, params, partial.out, partial.stats, inputs.rows, out, ...(sinks ? [sinks] : [])],
      (shape) => [Math.ceil((numHeads * headDim) / 4 / 64), sharded ? numRows(shape) : shape.numGenerated, 1],
    );
  }

  #split(
    q: BufferRange,
    shard: KvShard,
    { rows, tables }: Pages,
    partial: Partial,
    layer: LayerConfig,
    window: number,
  ): void {
    const { config, sizes, decodeAttention } = this.#context;
    const { numHeads, attentionScale, attentionSoftcap } = config;
    const { numKvHeads, headDim } = layer;
    const { chunkTokens, maxChunks, sharded, kv } = sizes;
    const shape = { headsPerKv: numHeads / numKvHeads, headDim, chunk: chunkTokens };
    const group = decodeGroup(decodeAttention, shape);
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
        queryStride(config, layer),
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
        rows,
        tables,
        partial.out,
        partial.stats,
      ],
      (shape) => {
        const keys = sharded ? Math.max(shape.maxPromptKeys, shape.maxGeneratedKeys) : shape.maxGeneratedKeys;
        return [Math.ceil(keys / chunkTokens), numHeads / group, sharded ? numRows(shape) : shape.numGenerated];
      },
      {
        multiplyAdds: (shape) => {
          const ofPrompt = sharded ? shape.numPrompt * Math.min(window, shape.maxPromptKeys) : 0;
          return (ofPrompt + shape.numGenerated * Math.min(window, shape.maxGeneratedKeys)) * 2 * numHeads * headDim;
        },
      },
    );
  }

  #promptRows(
    q: BufferRange,
    shard: KvShard,
    { rows, tables }: Pages,
    out: BufferRange,
    layer: LayerConfig,
    sinks: BufferRange | undefined,
  ): void {
    const { inputs, config, sizes, attention } = this.#context;
    const { numHeads, attentionScale, attentionSoftcap } = config;
    const { numKvHeads, headDim, window = NO_WINDOW } = layer;
    const stride = queryStride(config, layer);
    const { kv } = sizes;
    const byRows = attention === 'rows';
    const options = { keys: config.encoder === undefined ? 'before' : 'around', sinks: sinks !== undefined } as const;
    this.#add(
      byRows ? attentionRows(kv.layout, options) : attentionFlash(kv.layout, headDim, options),
      [
        numKvHeads,
        numHeads / numKvHeads,
        BLOCK_TOKENS,
        stride,
        stride,
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
        rows,
        tables,
        ...(byRows ? [] : [inputs.tiles]),
        out,
        ...(sinks ? [sinks] : []),
      ],
      (shape) => [byRows ? Math.ceil(shape.numPrompt / 64) : shape.numTiles, numHeads, 1],
      { multiplyAdds: (shape) => shape.numPrompt * Math.min(window, shape.maxPromptKeys) * 2 * numHeads * headDim },
    );
  }

  /** qkv of latent attention: queries in the space of latents, and the latent as key and as value. */
  latentJoin(
    { q, absorbed, kv }: LatentScratch,
    { rank, ropeDim, plainDim }: LatentConfig,
    qkv: BufferRange,
    { headDim }: LayerConfig,
  ): void {
    const { config, sizes } = this.#context;
    const { numHeads } = config;
    const kvWords = paddedRowElements(rank + ropeDim) / 4;
    this.#add(
      latentJoin,
      [numHeads, ropeDim / 4, rank / 4, plainDim / 4, kvWords, sizes.padded.qkv / 4],
      (step, params) => [step, params, q, absorbed, kv, qkv],
      (shape) => [Math.ceil(((numHeads + 2) * headDim) / 4 / 64), numRows(shape), 1],
    );
  }

  /** What `attend` left in `x` as values of the model: itself, or what the cache's transform is undone in, `out`. */
  valuesOf(x: BufferRange, out: BufferRange, cache: LayerKv, layer: LayerConfig): BufferRange {
    const { config } = this.#context;
    const { hadamard: block } = cache.plan;
    if (block === 1) return x;
    const chunk = chunkElements(block);
    const numChunks = (config.numHeads * layer.headDim) / chunk;
    this.#add(
      hadamard(block),
      [numChunks, block / chunk, queryStride(config, layer), { f32: 1 / Math.sqrt(block) }],
      (_step, params) => [params, x, out],
      (shape) => [Math.ceil(numChunks / 64), numRows(shape), 1],
    );
    return out;
  }
}
