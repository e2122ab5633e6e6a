/**
 * The paged key-value cache of a model: for every layer a pool of keys and one of values, each a list of shards of whole
 * blocks. A block lies as [kv head][slot in block][head_dim], quantised ones with the scales of a kv head's slots behind their
 * quants. Which sequence owns which block is not known here.
 */
import { isBlockLayout, type KvLayout } from '../../shaders/lib/kv-layout.ts';
import { hadamardElements, kvSlotBytes } from '../../shaders/lib/kv.ts';
import { LinnetError } from '../errors.ts';
import type { Gpu, PlanningLimits } from '../gpu/gpu.ts';
import type { CopyBlock } from '../scheduler/batch.ts';

export const BLOCK_TOKENS = 32;

export interface KvPoolPlan {
  readonly layout: KvLayout;
  /** Elements of a block of the Hadamard transform of queries, keys and values; 1: none. */
  readonly hadamard: number;
  readonly numLayers: number;
  readonly numBlocks: number;
  /** Bytes of a block of one layer's keys (as many again for its values). */
  readonly blockBytes: number;
  readonly blocksPerShard: number;
  readonly numShards: number;
  readonly sizeBytes: number;
}

/** @throws LimitExceeded when not even one block fits a binding. */
export function planKvPool(
  shape: { readonly numLayers: number; readonly numKvHeads: number; readonly headDim: number },
  layout: KvLayout,
  numBlocks: number,
  limits: PlanningLimits,
  transform = isBlockLayout(layout),
): KvPoolPlan {
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
    layout,
    hadamard: transform ? hadamardElements(shape.headDim) : 1,
    numLayers: shape.numLayers,
    numBlocks,
    blockBytes,
    blocksPerShard,
    numShards: Math.ceil(numBlocks / blocksPerShard),
    sizeBytes: 2 * shape.numLayers * numBlocks * blockBytes,
  };
}

export interface KvShard {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  readonly firstBlock: number;
  readonly numBlocks: number;
}

export class KvPool {
  readonly plan: KvPoolPlan;
  readonly #layers: readonly (readonly KvShard[])[]; // [numLayers][numShards]

  /** A copy within one buffer is not allowed, so every block goes through here. */
  readonly #scratch: GPUBuffer;

  constructor(gpu: Gpu, plan: KvPoolPlan) {
    this.plan = plan;
    this.#scratch = gpu.createStorage('kv.scratch', plan.blockBytes);
    this.#layers = Array.from({ length: plan.numLayers }, (_, layer) =>
      Array.from({ length: plan.numShards }, (_, index) => {
        const firstBlock = index * plan.blocksPerShard;
        const numBlocks = Math.min(plan.blocksPerShard, plan.numBlocks - firstBlock);
        const label = `blk.${String(layer)}.kv[${String(index)}]`;
        return {
          keys: gpu.createStorage(`${label}.keys`, numBlocks * plan.blockBytes),
          values: gpu.createStorage(`${label}.values`, numBlocks * plan.blockBytes),
          firstBlock,
          numBlocks,
        };
      }),
    );
  }

  shards(layer: number): readonly KvShard[] {
    return this.#layers[layer] ?? [];
  }

  /** Copies whole blocks in every layer; the scheduler says why. */
  recordCopies(encoder: GPUCommandEncoder, copies: readonly CopyBlock[]): void {
    const { blocksPerShard, blockBytes } = this.plan;
    for (const { from, to } of copies) {
      for (const shards of this.#layers) {
        const source = shards[Math.floor(from / blocksPerShard)];
        const target = shards[Math.floor(to / blocksPerShard)];
        if (source === undefined || target === undefined)
          throw new LinnetError('Internal', 'A block outside the cache.');
        const fromBytes = (from - source.firstBlock) * blockBytes;
        const toBytes = (to - target.firstBlock) * blockBytes;
        encoder.copyBufferToBuffer(source.keys, fromBytes, this.#scratch, 0, blockBytes);
        encoder.copyBufferToBuffer(this.#scratch, 0, target.keys, toBytes, blockBytes);
        encoder.copyBufferToBuffer(source.values, fromBytes, this.#scratch, 0, blockBytes);
        encoder.copyBufferToBuffer(this.#scratch, 0, target.values, toBytes, blockBytes);
      }
    }
  }
}
