/**
 * Matrix products with a quantised weight: one family for prompt rows (GEMM), one for generated rows (GEMV), chosen by
 * token class and never by the number of rows. Here are their specs and the choice of the GEMV variant for a device.
 * Knows nothing of tensors or layers.
 */
import stepWgsl from '../lib/step.wgsl?raw';
import treeSharedWgsl from '../lib/tree32_shared.wgsl?raw';
import treeSubgroupsWgsl from '../lib/tree32_subgroups.wgsl?raw';
import type { BlockType } from '../blocks/block-type.ts';
import { activationWgsl, type Activation } from '../elementwise/activation.ts';
import type { BindingKind, Kernel } from '../kernel.ts';
import columnsWgsl from './columns.wgsl?raw';
import columnsArrayWgsl from './columns_array.wgsl?raw';
import columnsRegistersWgsl from './columns_registers.wgsl?raw';
import gemmColumns4Wgsl from './gemm_columns4.wgsl?raw';
import gemmColumns8Wgsl from './gemm_columns8.wgsl?raw';
import gemmEightWgsl from './gemm_eight.wgsl?raw';
import gemmTileWgsl from './gemm_tile.wgsl?raw';
import gatedWgsl from './gated.wgsl?raw';
import gatedColumnsWgsl from './gated_gemv_columns.wgsl?raw';
import gatedLanesWgsl from './gated_gemv_lanes.wgsl?raw';
import gatedRowsWgsl from './gated_gemv_rows.wgsl?raw';
import inputNormedWgsl from './input_normed.wgsl?raw';
import inputPlainWgsl from './input_plain.wgsl?raw';
import gemmWgsl from './linear_gemm.wgsl?raw';
import gemmColumnsWgsl from './linear_gemm_columns.wgsl?raw';
import gemmRowsWgsl from './linear_gemm_rows.wgsl?raw';
import gemvColumnsWgsl from './linear_gemv_columns.wgsl?raw';
import gemvLanesWgsl from './linear_gemv_lanes.wgsl?raw';
import gemvRowsWgsl from './linear_gemv_rows.wgsl?raw';
import paramsWgsl from './params.wgsl?raw';
import rowGroupsWgsl from './row_groups.wgsl?raw';
import unitOfArrayWgsl from './unit_of_array.wgsl?raw';
import wordsWgsl from './words.wgsl?raw';
import xWgsl from './x_f32.wgsl?raw';

/**
 * `rows`: a thread an output, for CPUs; `columns`: a lane of a subgroup holds a part of x for 8 outputs a lane, for CPUs that
 * have subgroups; `lanes`: 32 lanes an output; `subgroups`: the same with shuffles, and with the same bits.
 */
export type GemvVariant = 'rows' | 'columns' | 'lanes' | 'subgroups';

/** `normed`: the kernel takes the RMS norm of its rows itself, in one pass with the product. */
export type GemvInput = 'plain' | 'normed';

/**
 * `rows`: a thread an output and eight rows, for CPUs, where a barrier is dear; `columns`: a lane of a subgroup holds a part of
 * eight rows, for CPUs that have subgroups; `tiled`: shared memory, for GPUs.
 */
export type GemmVariant = 'rows' | 'columns' | 'tiled';

/** What of a device decides the variants. */
export interface KernelTraits {
  readonly software: boolean;
  readonly hasF16: boolean;
  /** Smallest subgroup; undefined without the feature. */
  readonly subgroupMin: number | undefined;
  /** Whether WGSL has `dot4I8Packed`; unless said, it has. */
  readonly hasPackedDot?: boolean;
}

export function chooseGemvVariant(traits: KernelTraits): GemvVariant {
  if (traits.software) return hasFourLanes(traits) ? 'columns' : 'rows';
  // Smaller subgroups exist in several sizes on one device; nothing promises how lanes are dealt to them.
  return traits.subgroupMin === undefined || traits.subgroupMin < 32 ? 'lanes' : 'subgroups';
}

/**
 * Whether products of generated rows take the norm of their input themselves. With a thread an output each would norm the
 * row again: for q|k|v of smollm2-135m in Q4_0 that takes 2.8 times the CPU time of norm and product apart on lavapipe, 1.4
 * times on SwiftShader (2026-11-25).
 */
export function fusesNorm(variant: GemvVariant): boolean {
  return variant === 'lanes' || variant === 'subgroups';
}

export function chooseGemmVariant(traits: KernelTraits): GemmVariant {
  if (!traits.software) return 'tiled';
  return hasFourLanes(traits) ? 'columns' : 'rows';
}

/** What `columns` needs. */
function hasFourLanes({ subgroupMin = 1 }: KernelTraits): boolean {
  return subgroupMin >= 4;
}

/** wq, ws, step, params, x, bias, out. */
const BINDINGS: readonly BindingKind[] = ['read', 'read', 'uniform', 'uniform', 'read', 'read', 'readWrite'];
/** The same, and norm_weight, row_index. */
const NORMED_BINDINGS: readonly BindingKind[] = [...BINDINGS, 'read', 'read'];

/** Fields of `LinearParams`, in order; `eps` is an f32, all others u32. */
export const LINEAR_PARAMS = [
  'num_groups',
  'num_out',
  'x_stride',
  'out_stride',
  'out_offset',
  'head_rows',
  'add_to_out',
  'has_bias',
  'split_at',
  'split_gap',
  'num_elements',
  'eps',
] as const;

/** `subgroupMin`: for `columns` alone. */
export function linearGemm(type: BlockType, variant: GemmVariant = 'tiled', subgroupMin = 4): Kernel {
  if (variant === 'columns') return columnsGemm(type, subgroupMin);
  return {
    name: `linear_gemm_${variant}_${variantName(type)}`,
    code: [
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      xWgsl,
      ...(variant === 'rows' ? [gemmEightWgsl, gemmRowsWgsl] : [gemmTileWgsl, gemmWgsl]),
    ].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: type.features,
  };
}

/** Any subgroup of at least `subgroupMin` lanes will do. */
function columnsGemm(type: BlockType, subgroupMin: number): Kernel {
  const isWide = subgroupMin >= 8;
  return {
    name: `linear_gemm_columns${isWide ? '8' : '4'}_${variantName(type)}`,
    code: [
      'enable subgroups;',
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      xWgsl,
      `const LANES = ${isWide ? '8' : '4'}u;`,
      rowGroupsWgsl,
      gemmColumnsWgsl,
      isWide ? gemmColumns8Wgsl : gemmColumns4Wgsl,
    ].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: [...type.features, 'subgroups'],
  };
}

/** What of a device, besides the variant, goes into a GEMV kernel. */
export interface GemvDevice {
  readonly subgroupMin?: number | undefined;
  readonly software: boolean;
}

export function linearGemv(type: BlockType, variant: GemvVariant, input: GemvInput, device: GemvDevice): Kernel {
  if (variant === 'columns') return columnsGemv('linear_gemv', type, input, [gemvColumnsWgsl], device);
  const op = input === 'normed' ? 'linear_normed_gemv' : 'linear_gemv';
  return gemv(op, type, variant, input, [variant === 'rows' ? gemvRowsWgsl : gemvLanesWgsl], device);
}

/** activation(gate) * up of generated rows, from a shard that holds rows of gate and, behind them, as many of up. */
export function gatedGemv(
  type: BlockType,
  variant: GemvVariant,
  input: GemvInput,
  device: GemvDevice,
  activation: Activation = 'silu',
): Kernel {
  if (variant === 'columns') {
    const body = [activationWgsl(activation), inputPlainWgsl, gatedWgsl, gatedColumnsWgsl];
    return columnsGemv(`${activation}_gated_gemv`, type, input, body, device);
  }
  const op = `${activation}_gated_${input === 'normed' ? 'normed_' : ''}gemv`;
  const body = [activationWgsl(activation), gatedWgsl, variant === 'rows' ? gatedRowsWgsl : gatedLanesWgsl];
  return gemv(op, type, variant, input, body, device);
}

/** Any subgroup of at least `subgroupMin` lanes will do. @throws Error for an input that is to be normed, which `fusesNorm` denies */
function columnsGemv(
  op: string,
  type: BlockType,
  input: GemvInput,
  body: readonly string[],
  { subgroupMin = 4 }: GemvDevice,
): Kernel {
  if (input === 'normed') throw new Error(`${op}: a norm is not taken by products by columns`);
  const isWide = subgroupMin >= 8;
  const unitWgsl = (isWide ? type.wideUnitWgsl : undefined) ?? type.unitWgsl ?? unitOfArrayWgsl;
  return {
    name: `${op}_columns${isWide ? '8' : '4'}_${variantName(type)}`,
    code: [
      'enable subgroups;',
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      xWgsl,
      `const LANES = ${isWide ? '8' : '4'}u;`,
      unitWgsl,
      rowGroupsWgsl,
      isWide ? columnsRegistersWgsl : columnsArrayWgsl,
      columnsWgsl,
      ...body,
    ].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: [...type.features, 'subgroups'],
  };
}

function gemv(
  op: string,
  type: BlockType,
  variant: GemvVariant,
  input: GemvInput,
  body: readonly string[],
  { subgroupMin = 4, software }: GemvDevice,
): Kernel {
  const subgroups = variant === 'subgroups';
  const width = Math.min(subgroupMin, 32);
  const tree = subgroups ? treeSubgroupsWgsl : treeSharedWgsl;
  return {
    name: `${op}_${variant}${subgroups ? String(width) : ''}_${variantName(type)}`,
    code: [
      ...(subgroups ? ['enable subgroups;'] : []),
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      xWgsl,
      wordsWgsl,
      input === 'normed' ? inputNormedWgsl : inputPlainWgsl,
      ...(variant === 'rows' ? [] : [tree]),
      ...body,
    ].join('\n'),
    bindings: input === 'normed' ? NORMED_BINDINGS : BINDINGS,
    constants: { ROLLED: software ? 1 : 0, ...(subgroups ? { SUBGROUP_MIN: width } : {}) },
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
  return variant === 'tiled' ? 32 : 8;
}

/** Rows that are computed for `numRows`: whole tiles, but one row that is left over alone where it has a way of its own. */
export function gemmComputedRows(variant: GemmVariant, numRows: number): number {
  const tileRows = gemmTileRows(variant);
  return variant === 'columns' && numRows % tileRows === 1 ? numRows : Math.ceil(numRows / tileRows) * tileRows;
}

export function gemmWorkgroups(numRows: number, numOut: number, variant: GemmVariant = 'tiled'): Workgroups {
  if (variant !== 'tiled') return [Math.ceil(numOut / (variant === 'columns' ? 128 : 64)), Math.ceil(numRows / 8), 1];
  const [x, z] = split(Math.ceil(numOut / 64));
  return [x, Math.ceil(numRows / 32), z];
}

/** The same of GEMV. */
export function gemvPassRows(variant: GemvVariant): number {
  return variant === 'columns' ? 2 : 4;
}

export function gemvWorkgroups(variant: GemvVariant, numRows: number, numOut: number): Workgroups {
  if (variant === 'rows' || variant === 'columns') return [Math.ceil(numOut / 64), Math.ceil(numRows / 4), 1];
  const [x, z] = split(Math.ceil(numOut / 2));
  return [x, Math.ceil(numRows / 4), z];
}

/** A type's part in the names of kernels. */
export function variantName(type: BlockType): string {
  return type.name.toLowerCase() + (type.features.includes('shader-f16') ? '_native' : '');
}
