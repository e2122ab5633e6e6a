/**
 * Mixtures of experts: which experts a row takes and with what weights, products with their stacked matrices, and the weighted
 * sum. Expert ids never leave the GPU. A (row, slot) *pair* is a row with one of its experts. Prompt rows are grouped by expert
 * into tiles, so that an expert's weights are read once a tile; generated rows take a pair at a time. Knows nothing of tensors.
 */
import stepWgsl from '../lib/step.wgsl?raw';
import treeSharedWgsl from '../lib/tree32_shared.wgsl?raw';
import treeSubgroupsWgsl from '../lib/tree32_subgroups.wgsl?raw';
import type { BlockType } from '../blocks/block-type.ts';
import { activationWgsl, type Activation } from '../elementwise/activation.ts';
import type { BindingKind, Kernel } from '../kernel.ts';
import gemmEightWgsl from '../linear/gemm_eight.wgsl?raw';
import gemmTileWgsl from '../linear/gemm_tile.wgsl?raw';
import {
  gemmTileRows,
  variantName,
  type GemmVariant,
  type GemvDevice,
  type GemvVariant,
  type Workgroups,
} from '../linear/linear.ts';
import gemmWgsl from './expert_gemm.wgsl?raw';
import gemmRowsWgsl from './expert_gemm_rows.wgsl?raw';
import gemvLanesWgsl from './expert_gemv_lanes.wgsl?raw';
import gemvRowsWgsl from './expert_gemv_rows.wgsl?raw';
import expertSumWgsl from './expert_sum.wgsl?raw';
import expertTilesWgsl from './expert_tiles.wgsl?raw';
import gatedWgsl from './gemv_gated.wgsl?raw';
import plainWgsl from './gemv_plain.wgsl?raw';
import pairWgsl from './pair.wgsl?raw';
import paramsWgsl from './params.wgsl?raw';
import routeWgsl from './route.wgsl?raw';
import tileWgsl from './tile.wgsl?raw';

/** What `route` and `expert_tiles` have room for. */
export const MAX_EXPERTS = 512;
export const MAX_EXPERTS_USED = 32;

/** `scale` is an f32. */
export const ROUTE_PARAMS = [
  'num_experts',
  'num_used',
  'logits_stride',
  'sigmoid',
  'normalised',
  'has_bias',
  'num_groups',
  'num_groups_used',
  'shared_gate',
  'has_factors',
  'scale',
] as const;

/** Bindings: step, params, logits, bias, ids, weights, factors. Grid: row. */
export const route: Kernel = {
  name: 'expert_route_f32',
  code: [stepWgsl, routeWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'readWrite', 'readWrite', 'read'],
  constants: {},
  features: [],
};

export const EXPERT_TILES_PARAMS = ['num_experts', 'num_used', 'tile_pairs'] as const;

/** Words of a tile: expert, first pair, number of pairs. */
export const EXPERT_TILE_WORDS = 3;

/** Bindings: step, params, ids, pairs, tiles. Grid: one. */
export const expertTiles: Kernel = {
  name: 'expert_tiles_u32',
  code: [stepWgsl, expertTilesWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'readWrite', 'readWrite'],
  constants: {},
  features: [],
};

/** Most tiles that pairs can fill: whole ones, and one that is not for each expert that has pairs. */
export function maxExpertTiles(numPairs: number, numExperts: number, variant: GemmVariant): number {
  return Math.floor(numPairs / gemmTileRows(variant)) + Math.min(numPairs, numExperts);
}

/** Fields of `ExpertParams`, all u32. */
export const EXPERT_PARAMS = [
  'num_groups',
  'group_words',
  'first_row',
  'num_rows',
  'expert_rows',
  'num_halves',
  'half_gap',
  'bias_gap',
  'has_bias',
  'num_used',
  'x_shared',
  'x_stride',
  'x_offset',
  'out_stride',
  'out_offset',
] as const;

/** wq, ws, step, params, x, bias, out. */
const BINDINGS: readonly BindingKind[] = ['read', 'read', 'uniform', 'uniform', 'read', 'read', 'readWrite'];

/** Prompt rows. Bindings: those of all products, then tiles, pairs. */
export function expertGemm(type: BlockType, variant: GemmVariant): Kernel {
  const [layout, body] =
    variant === 'tiled' ? ['tiled', [gemmTileWgsl, gemmWgsl]] : ['rows', [gemmEightWgsl, gemmRowsWgsl]];
  return {
    name: `expert_gemm_${layout}_${variantName(type)}`,
    code: [type.wgsl, stepWgsl, paramsWgsl, tileWgsl, ...body].join('\n'),
    bindings: [...BINDINGS, 'read', 'read'],
    constants: {},
    features: type.features,
  };
}

/** Outputs of a shard are those of one expert at most, whichever it is. */
export function expertGemmWorkgroups(numTiles: number, numOut: number): Workgroups {
  return [Math.ceil(numOut / 64), numTiles, 1];
}

/**
 * Generated rows; with an activation of pairs of gate and up: activation(gate) * up. Bindings: those of all products, then ids.
 */
export function expertGemv(type: BlockType, variant: GemvVariant, device: GemvDevice, activation?: Activation): Kernel {
  const byRows = isByRows(variant);
  const subgroups = variant === 'subgroups';
  const width = Math.min(device.subgroupMin ?? 4, 32);
  const op = activation === undefined ? 'expert_gemv' : `${activation}_gated_expert_gemv`;
  const layout = byRows ? 'rows' : subgroups ? `subgroups${String(width)}` : 'lanes';
  return {
    name: `${op}_${layout}_${variantName(type)}`,
    code: [
      ...(subgroups ? ['enable subgroups;'] : []),
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      pairWgsl,
      ...(activation === undefined ? [plainWgsl] : [activationWgsl(activation), gatedWgsl]),
      ...(byRows ? [gemvRowsWgsl] : [subgroups ? treeSubgroupsWgsl : treeSharedWgsl, gemvLanesWgsl]),
    ].join('\n'),
    bindings: [...BINDINGS, 'read'],
    constants: subgroups ? { SUBGROUP_MIN: width } : {},
    features: subgroups ? [...type.features, 'subgroups'] : type.features,
  };
}

export function expertGemvWorkgroups(variant: GemvVariant, numPairs: number, numOut: number): Workgroups {
  return [Math.ceil(numOut / (isByRows(variant) ? 64 : 2)), numPairs, 1];
}

/** Where lanes work on outputs of their own; experts have no kernels by columns. */
function isByRows(variant: GemvVariant): boolean {
  return variant === 'rows' || variant === 'columns';
}

export const EXPERT_SUM_PARAMS = ['num_words', 'num_used', 'has_shared', 'add_to_out'] as const;

/** Bindings: step, params, y, weights, shared_y, out. Grid: words of a row / 64, row. */
export const expertSum: Kernel = {
  name: 'expert_sum_f32',
  code: [stepWgsl, expertSumWgsl].join('\n'),
  bindings: ['uniform', 'uniform', 'read', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
