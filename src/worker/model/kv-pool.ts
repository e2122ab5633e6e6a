/**
 * The paged key-value cache of a model: for every layer a pool of keys and one of values, each a list of shards of whole
 * blocks. Layers with windows may have fewer blocks, with numbers of their own. A block lies as [kv head][slot in block][head_dim], quantised ones with the scales of a kv head's slots behind their
 * quants. Which sequence owns which block is not known here.
 */
import { isBlockLayout, type KvLayout } from '../../shaders/lib/kv-layout.ts';
import { hadamardElements, kvSlotBytes } from '../../shaders/lib/kv.ts';
import { LinnetError } from '../errors.ts';
import type { LayerConfig } from './config.ts';
import type { Gpu, PlanningLimits } from '../gpu/gpu.ts';
import type { Batch, CopyBlock } from '../scheduler/batch.ts';

export const BLOCK_TOKENS = 32;

/** The cache of one layer. */
export interface LayerKvPlan {
  /** Elements of a block of the Hadamard transform of queries, keys and values; 1: none. */
  readonly hadamard: number;
  /** Bytes of a block of its keys (as many again for its values). */
  readonly blockBytes: number;
  /** Its blocks are those of the pool of windows. */
  readonly inWindows: boolean;
  readonly numBlocks: number;
  readonly blocksPerShard: number;
  readonly numShards: number;
}

/** The pool of windowed layers, where it has fewer blocks than that of the others. */
export interface WindowPool {
  /** Keys a token sees in these layers, its own among them. */
  readonly window: number;
  readonly numBlocks: number;
}

export interface KvPoolPlan {
  readonly layout: KvLayout;
  readonly numBlocks: number;
  readonly windows: WindowPool | undefined;
  /** Undefined: the layer uses another's. */
  readonly layers: readonly (LayerKvPlan | undefined)[];
  /** Of the layer that has most. */
  readonly numShards: number;
  readonly sizeBytes: number;
}

export interface KvPoolOptions {
  /** Keys and values are transformed before they are quantised. */
  readonly transform?: boolean | undefined;
  readonly windows?: WindowPool | undefined;
}

type KvLayerShape = Pick<LayerConfig, 'numKvHeads' | 'headDim' | 'cache' | 'window'>;

/** @throws LimitExceeded when not even one block fits a binding. */
export function planKvPool(
  layers: readonly KvLayerShape[],
  layout: KvLayout,
  numBlocks: number,
  limits: PlanningLimits,
  { transform = isBlockLayout(layout), windows }: KvPoolOptions = {},
): KvPoolPlan {
  const planned = layers.map((layer, i) => {
    if (layer.cache !== i) return undefined;
    const own = layer.window === undefined ? undefined : windows;
    return {
      ...planLayer(layer, layout, own?.numBlocks ?? numBlocks, limits, transform),
      inWindows: own !== undefined,
    };
  });
  const own = planned.filter((layer) => layer !== undefined);
  return {
    layout,
    numBlocks,
    windows,
    layers: planned,
    numShards: Math.max(1, ...own.map(({ numShards }) => numShards)),
    sizeBytes: own.reduce((sum, layer) => sum + 2 * layer.numBlocks * layer.blockBytes, 0),
  };
}

function planLayer(
  shape: Pick<LayerConfig, 'numKvHeads' | 'headDim'>,
  layout: KvLayout,
  numBlocks: number,
  limits: PlanningLimits,
  transform: boolean,
): Omit<LayerKvPlan, 'inWindows'> {
  const blockBytes = shape.numKvHeads * BLOCK_TOKENS * kvSlotBytes(layout, shape.headDim);
  const blocksPerShard = Math.min(
    numBlocks,
    Math.floor(Math.min(limits.maxBindingBytes, limits.maxBufferBytes) / blockBytes),
  );
  if (blocksPerShard < 1) {
    throw new LinnetError(
      'LimitExceeded',
      `A cache block of ${String(blockBytes)} bytes does not fit a binding of this device.`,
    );
  }
  return {
    hadamard: transform ? hadamardElements(shape.headDim) : 1,
    blockBytes,
    numBlocks,
    blocksPerShard,
    numShards: Math.ceil(numBlocks / blocksPerShard),
  };
}

/** Bytes of the keys and values that a row at a position sees, in all layers. */
export function kvBytesSeen(plan: KvPoolPlan, layers: readonly KvLayerShape[], position: number): number {
  return layers.reduce((sum, { cache, window = Infinity }) => {
    const blockBytes = plan.layers[cache]?.blockBytes ?? 0;
    return sum + (Math.min(position + 1, window) * 2 * blockBytes) / BLOCK_TOKENS;
  }, 0);
}

export interface KvShard {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  readonly firstBlock: number;
  readonly numBlocks: number;
}

/** The cache of one layer, in buffers. */
export interface LayerKv {
  readonly plan: LayerKvPlan;
  readonly shards: readonly KvShard[]; // [numShards]
}

export class KvPool {
  readonly plan: KvPoolPlan;
  readonly #layers: readonly (LayerKv | undefined)[]; // [numLayers]

  /** A copy within one buffer is not allowed, so every block goes through here. */
  readonly #scratch: GPUBuffer;

  constructor(gpu: Gpu, plan: KvPoolPlan) {
    this.plan = plan;
    const largest = plan.layers.reduce((most, layer) => Math.max(most, layer?.blockBytes ?? 0), 0);
    this.#scratch = gpu.createStorage('kv.scratch', largest);
    this.#layers = plan.layers.map((layer, i) =>
      layer === undefined ? undefined : { plan: layer, shards: createShards(gpu, layer, `blk.${String(i)}.kv`) },
    );
  }

  /** Of a layer that has a cache of its own. @throws Internal for others */
  layer(index: number): LayerKv {
    const layer = this.#layers[index];
    if (layer === undefined) throw new LinnetError('Internal', `Layer ${String(index)} has no cache of its own.`);
    return layer;
  }

  /** Copies whole blocks in every layer; the scheduler says why. */
  recordCopies(encoder: GPUCommandEncoder, { copies, windowCopies = copies }: Batch): void {
    for (const layer of this.#layers) {
      if (layer === undefined) continue;
      for (const copy of layer.plan.inWindows ? windowCopies : copies) this.#recordCopy(encoder, layer, copy);
    }
  }

  #recordCopy(encoder: GPUCommandEncoder, kv: LayerKv, { from, to }: CopyBlock): void {
    const { blockBytes } = kv.plan;
    const [source, target] = [blockIn(kv, from), blockIn(kv, to)];
    encoder.copyBufferToBuffer(source.keys, source.offsetBytes, this.#scratch, 0, blockBytes);
    encoder.copyBufferToBuffer(this.#scratch, 0, target.keys, target.offsetBytes, blockBytes);
    encoder.copyBufferToBuffer(source.values, source.offsetBytes, this.#scratch, 0, blockBytes);
    encoder.copyBufferToBuffer(this.#scratch, 0, target.values, target.offsetBytes, blockBytes);
  }
}

/** Where the keys and the values of a block of a layer lie. */
export function blockIn(
  { plan, shards }: LayerKv,
  block: number,
): Pick<KvShard, 'keys' | 'values'> & { readonly offsetBytes: number } {
  const shard = shards[Math.floor(block / plan.blocksPerShard)];
  if (shard === undefined) throw new LinnetError('Internal', 'A block outside the cache.');
  const { keys, values, firstBlock } = shard;
  return { keys, values, offsetBytes: (block - firstBlock) * plan.blockBytes };
}

function createShards(gpu: Gpu, plan: LayerKvPlan, label: string): readonly KvShard[] {
  return Array.from({ length: plan.numShards }, (_, index) => {
    const firstBlock = index * plan.blocksPerShard;
    const count = Math.min(plan.blocksPerShard, plan.numBlocks - firstBlock);
    const name = `${label}[${String(index)}]`;
    return {
      keys: gpu.createStorage(`${name}.keys`, count * plan.blockBytes),
      values: gpu.createStorage(`${name}.values`, count * plan.blockBytes),
      firstBlock,
      numBlocks: count,
    };
  });
}
