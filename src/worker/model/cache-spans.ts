/**
 * What the caches of a model hold of a prefix, in the order in which a session keeps it: the states of recurrent layers, then layer
 * by layer the keys of all blocks and their values, in the order of the tokens, whatever blocks of the pool they lie in. Knows how
 * pools are laid out, and not what is done with it.
 */
import { isBlockLayout, type KvLayout } from '../../shaders/lib/kv-layout.ts';
import { kvSlotBytes, kvSlotShape } from '../../shaders/lib/kv.ts';
import { LinnetError } from '../errors.ts';
import type { Span } from '../gpu/transfer.ts';
import type { PrefixPlaces } from '../scheduler/kept-prefix.ts';
import type { StateSlot } from '../tokens.ts';
import { BLOCK_TOKENS, blockIn, type KvPool } from './kv-pool.ts';
import type { StatePool } from './recurrent/state-pool.ts';
import type { ModelPlan } from './runner.ts';

/** Of a layer that has keys and values of its own. */
export interface CachedLayer {
  readonly index: number;
  /** Bytes of a block of its keys, as many again for its values. */
  readonly blockBytes: number;
  /** Elements of a block of the Hadamard transform; 1: none. */
  readonly hadamard: number;
  /** Only the blocks that a window may see need be there. */
  readonly windowed: boolean;
}

export function cachedLayers({ config, sizes }: ModelPlan): readonly CachedLayer[] {
  return sizes.kv.layers.flatMap((layer, index) => {
    if (layer === undefined) return [];
    const windowed = config.layers[index]?.window !== undefined;
    return [{ index, blockBytes: layer.blockBytes, hadamard: layer.hadamard, windowed }];
  });
}

/** Bytes of the state behind a token, in all recurrent layers. */
export function stateBytes({ sizes }: ModelPlan): number {
  return sizes.states?.slotBytes ?? 0;
}

/** How much of a prefix is kept. */
export interface CacheExtent {
  /** Tokens whose keys and values are there. */
  readonly numComputed: number;
  /** Of windowed layers the blocks before it are left out. */
  readonly firstWindowBlock: number;
  /** The state behind the last of these tokens is there. */
  readonly hasState: boolean;
}

/** Blocks that are kept of a layer. */
export function numBlocksOf({ windowed }: CachedLayer, { numComputed, firstWindowBlock }: CacheExtent): number {
  return Math.ceil(numComputed / BLOCK_TOKENS) - (windowed ? firstWindowBlock : 0);
}

/** Bytes of all of it. */
export function cacheBytes(layers: readonly CachedLayer[], slotBytes: number, extent: CacheExtent): number {
  const ofLayers = layers.reduce((sum, layer) => sum + 2 * numBlocksOf(layer, extent) * layer.blockBytes, 0);
  return (extent.hasState ? slotBytes : 0) + ofLayers;
}

export function cacheSpans(
  { cache, states, plan }: { readonly cache: KvPool; readonly states: StatePool | undefined; readonly plan: ModelPlan },
  { blocks, windowBlocks, state }: PrefixPlaces,
  { firstWindowBlock, hasState }: CacheExtent,
): readonly Span[] {
  const ofLayers = cachedLayers(plan).flatMap(({ index, blockBytes, windowed }) => {
    const layer = cache.layer(index);
    const places = (layer.plan.inWindows ? windowBlocks : blocks) ?? [];
    const kept = places.slice(windowed ? firstWindowBlock : 0);
    const spans = (what: 'keys' | 'values') =>
      kept.map((block): Span => {
        if (block === undefined) return { sizeBytes: blockBytes, from: undefined };
        const at = blockIn(layer, block);
        return { sizeBytes: blockBytes, from: { buffer: at[what], offsetBytes: at.offsetBytes } };
      });
    return [...spans('keys'), ...spans('values')];
  });
  return [...(hasState ? stateSpans(states, state) : []), ...ofLayers];
}

/** Zeroes what lies behind the last token in its blocks: that is nobody's, or another text's. */
export function clearBehind(bytes: Uint8Array, plan: ModelPlan, extent: CacheExtent): void {
  const numUsed = extent.numComputed % BLOCK_TOKENS;
  if (numUsed === 0) return;
  let end = extent.hasState ? stateBytes(plan) : 0;
  for (const layer of cachedLayers(plan)) {
    for (let part = 0; part < 2; part++) {
      end += numBlocksOf(layer, extent) * layer.blockBytes;
      const shape = plan.config.layers[layer.index];
      if (shape === undefined) throw new LinnetError('Internal', 'A cache of a layer that is not there.');
      clearSlots(bytes.subarray(end - layer.blockBytes, end), plan.sizes.kv.layout, shape, numUsed);
    }
  }
}

/** Zeroes the slots of a block behind its first `numTokens`. */
export function clearSlots(
  block: Uint8Array,
  layout: KvLayout,
  { numKvHeads, headDim }: { readonly numKvHeads: number; readonly headDim: number },
  numTokens: number,
): void {
  const planes = isBlockLayout(layout) ? planesOf(kvSlotShape(layout, headDim)) : [kvSlotBytes(layout, headDim)];
  let start = 0;
  for (let head = 0; head < numKvHeads; head++) {
    for (const slotBytes of planes) {
      block.fill(0, start + numTokens * slotBytes, start + BLOCK_TOKENS * slotBytes);
      start += BLOCK_TOKENS * slotBytes;
    }
  }
}

function planesOf({ quantWords, scaleWords }: ReturnType<typeof kvSlotShape>): readonly number[] {
  return [4 * quantWords, 4 * scaleWords];
}

function stateSpans(states: StatePool | undefined, slot: StateSlot | undefined): readonly Span[] {
  if (states === undefined) throw new LinnetError('Internal', 'A state of a model that has none.');
  return states.plan.layers.flatMap((layer) =>
    states.plan.parts.map((floats, part): Span => {
      const sizeBytes = floats * 4;
      const { buffer } = states.part(layer, part);
      return { sizeBytes, from: slot === undefined ? undefined : { buffer, offsetBytes: slot * sizeBytes } };
    }),
  );
}
