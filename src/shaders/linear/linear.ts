/**
 * Matrix products with a quantised weight: one family for prompt rows (GEMM), one for generated rows (GEMV), chosen by
 * token class and never by the number of rows. Here are their specs and the choice of the GEMV variant for a device.
 * Knows nothing of tensors or layers.
 */
import stepWgsl from '../lib/step.wgsl?raw';
import treeSharedWgsl from '../lib/tree32_shared.wgsl?raw';
import treeSubgroupsWgsl from '../lib/tree32_subgroups.wgsl?raw';
import type { BlockType } from '../blocks/block-type.ts';
import type { BindingKind, Kernel } from '../kernel.ts';
import gemmWgsl from './linear_gemm.wgsl?raw';
import gemmRowsWgsl from './linear_gemm_rows.wgsl?raw';
import gemvLanesWgsl from './linear_gemv_lanes.wgsl?raw';
import gemvRowsWgsl from './linear_gemv_rows.wgsl?raw';
import paramsWgsl from './params.wgsl?raw';

/** `rows`: a thread an output, for CPUs; `lanes`: 32 lanes an output; `subgroups`: the same with shuffles. */
export type GemvVariant = 'rows' | 'lanes' | 'subgroups';

/** `rows`: a thread an output and eight rows, for CPUs, where a barrier is dear; `tiled`: shared memory, for GPUs. */
export type GemmVariant = 'rows' | 'tiled';

/** What of a device decides the variants. */
export interface KernelTraits {
  readonly software: boolean;
  readonly hasF16: boolean;
  /** Smallest subgroup; undefined without the feature. */
  readonly subgroupMin: number | undefined;
}

export function chooseGemvVariant(traits: KernelTraits): GemvVariant {
  if (traits.software) return 'rows';
  // Smaller subgroups exist in several sizes on one device; nothing promises how lanes are dealt to them.
  return traits.subgroupMin === undefined || traits.subgroupMin < 32 ? 'lanes' : 'subgroups';
}

export function chooseGemmVariant(traits: KernelTraits): GemmVariant {
  return traits.software ? 'rows' : 'tiled';
}

/** wq, ws, step, params, x, bias, out. */
const BINDINGS: readonly BindingKind[] = ['read', 'read', 'uniform', 'uniform', 'read', 'read', 'readWrite'];

/** Fields of `LinearParams`, in order, all u32. */
export const LINEAR_PARAMS = [
  'num_groups',
  'num_out',
  'x_stride',
  'out_stride',
  'out_offset',
  'head_rows',
  'add_to_out',
  'has_bias',
] as const;

export function linearGemm(type: BlockType, variant: GemmVariant = 'tiled'): Kernel {
  return {
    name: `linear_gemm_${variant}_${variantName(type)}`,
    code: [type.wgsl, stepWgsl, paramsWgsl, variant === 'rows' ? gemmRowsWgsl : gemmWgsl].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: type.features,
  };
}

export function linearGemv(type: BlockType, variant: GemvVariant, subgroupMin = 4): Kernel {
  const width = variant === 'subgroups' ? String(Math.min(subgroupMin, 32)) : '';
  const name = `linear_gemv_${variant}${width}_${variantName(type)}`;
  if (variant === 'rows') {
    const code = [type.wgsl, stepWgsl, paramsWgsl, gemvRowsWgsl].join('\n');
    return { name, code, bindings: BINDINGS, constants: {}, features: type.features };
  }
  const subgroups = variant === 'subgroups';
  const tree = subgroups ? treeSubgroupsWgsl : treeSharedWgsl;
  return {
    name,
    code: [subgroups ? 'enable subgroups;' : '', type.wgsl, stepWgsl, paramsWgsl, tree, gemvLanesWgsl].join('\n'),
    bindings: BINDINGS,
    constants: subgroups ? { SUBGROUP_MIN: Math.min(subgroupMin, 32) } : {},
    features: subgroups ? [...type.features, 'subgroups'] : type.features,
  };
}

export type Workgroups = readonly [x: number, y: number, z: number];

/** Workgroups past 32768 in x go to z, below the limit of 65535 a dimension. */
function split(count: number): readonly [number, number] {
  return count <= 32768 ? [count, 1] : [32768, Math.ceil(count / 32768)];
}

/** Rows that read a weight once together. */
export function gemmTileRows(variant: GemmVariant): number {
  return variant === 'rows' ? 8 : 32;
}

export function gemmWorkgroups(numRows: number, numOut: number, variant: GemmVariant = 'tiled'): Workgroups {
  if (variant === 'rows') return [Math.ceil(numOut / 64), Math.ceil(numRows / 8), 1];
  const [x, z] = split(Math.ceil(numOut / 64));
  return [x, Math.ceil(numRows / 32), z];
}

export function gemvWorkgroups(variant: GemvVariant, numRows: number, numOut: number): Workgroups {
  if (variant === 'rows') return [Math.ceil(numOut / 64), Math.ceil(numRows / 4), 1];
  const [x, z] = split(Math.ceil(numOut / 2));
  return [x, Math.ceil(numRows / 4), z];
}

function variantName(type: BlockType): string {
  return type.name.toLowerCase() + (type.features.includes('shader-f16') ? '_native' : '');
}
