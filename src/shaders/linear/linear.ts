/**
 * Matrix products with a quantised weight: one family for prompt rows (GEMM), one for generated rows (GEMV), chosen by
 * token class and never by the number of rows. Here are their specs and the choice of the GEMV variant for a device.
 * Knows nothing of tensors or layers.
 */
import stepWgsl from '../lib/step.wgsl?raw';
import treeSharedWgsl from '../lib/tree32_shared.wgsl?raw';
import treeSubgroupsWgsl from '../lib/tree32_subgroups.wgsl?raw';
import { unitGroupsOf, type BlockType } from '../blocks/block-type.ts';
import { activationWgsl, type Activation } from '../elementwise/activation.ts';
import type { BindingKind, Kernel } from '../kernel.ts';
import broadcast4Wgsl from './broadcast4.wgsl?raw';
import broadcast8Wgsl from './broadcast8.wgsl?raw';
import columnsWgsl from './columns.wgsl?raw';
import fourWgsl from './four.wgsl?raw';
import gemmEightWgsl from './gemm_eight.wgsl?raw';
import gemmTileWgsl from './gemm_tile.wgsl?raw';
import gatedWgsl from './gated.wgsl?raw';
import gatedColumnsWgsl from './gated_gemv_columns.wgsl?raw';
import gatedLanesWgsl from './gated_gemv_lanes.wgsl?raw';
import gatedRowsWgsl from './gated_gemv_rows.wgsl?raw';
import inputNormedWgsl from './input_normed.wgsl?raw';
import inputPlainWgsl from './input_plain.wgsl?raw';
import gemmWgsl from './linear_gemm.wgsl?raw';
import gemmBroadcastWgsl from './linear_gemm_broadcast.wgsl?raw';
import gemmRowsWgsl from './linear_gemm_rows.wgsl?raw';
import gemvColumnsWgsl from './linear_gemv_columns.wgsl?raw';
import gemvLanesWgsl from './linear_gemv_lanes.wgsl?raw';
import gemvRowsWgsl from './linear_gemv_rows.wgsl?raw';
import paramsWgsl from './params.wgsl?raw';
import unitOfArrayWgsl from './unit_of_array.wgsl?raw';
import walkGroupsWgsl from './walk_groups.wgsl?raw';
import walkStripsWgsl from './walk_strips.wgsl?raw';
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
 * `rows`: a thread an output and eight rows, for CPUs, where a barrier is dear; `broadcast`: the same bits with four outputs a
 * thread, as in GEMV; `tiled`: shared memory, for GPUs.
 */
export type GemmVariant = 'rows' | 'broadcast' | 'tiled';

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
  return hasFourLanes(traits) ? 'broadcast' : 'rows';
}

/** What `broadcast` and `columns` need. */
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

/** `subgroupMin`: for `broadcast` alone. */
export function linearGemm(type: BlockType, variant: GemmVariant = 'tiled', subgroupMin = 4): Kernel {
  if (variant === 'broadcast') return broadcastGemm(type, subgroupMin);
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

/**
 * Four outputs a thread; any subgroup of at least `subgroupMin` lanes will do. Strips save loads, which are dear on lavapipe
 * (8 lanes); on SwiftShader (4) the loop over a strip costs more than it saves.
 */
function broadcastGemm(type: BlockType, subgroupMin: number): Kernel {
  const isWide = subgroupMin >= 8;
  const { stripWgsl } = type;
  return {
    name: `linear_gemm_broadcast${isWide ? '8' : '4'}_${variantName(type)}`,
    code: [
      'enable subgroups;',
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      xWgsl,
      isWide ? broadcast8Wgsl : broadcast4Wgsl,
      fourWgsl,
      ...(isWide && stripWgsl !== undefined ? [stripWgsl, walkStripsWgsl] : [walkGroupsWgsl]),
      gemmBroadcastWgsl,
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
      heldWgsl(unitWgsl),
      columnsWgsl,
      ...body,
    ].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: [...type.features, 'subgroups'],
  };
}

/** What loads the groups of x that a lane holds, written out: an array whose index is no constant is no register. */
function heldWgsl(unitWgsl: string): string {
  const groups = Array.from({ length: unitGroupsOf(unitWgsl) }, (_, i) => String(i));
  const words = groups.flatMap((j) =>
    Array.from({ length: 8 }, (_, i) => `select(zero, x[at${j} + ${String(i)}u], is${j})`),
  );
  return `// Groups of a row of x that begins at word \`xb\`, from \`group\` on; zero behind the last.
fn held_at(xb: u32, group: u32) -> Held {
  let zero = vec4<f32>();
  let last = params.num_groups - 1u;
${groups.map((j) => `  let at${j} = xb + min(group + ${j}u, last) * 8u;\n  let is${j} = vec4<bool>(group + ${j}u <= last);`).join('\n')}
  return Held(
    ${words.join(',\n    ')});
}
`;
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

export function gemmWorkgroups(numRows: number, numOut: number, variant: GemmVariant = 'tiled'): Workgroups {
  if (variant !== 'tiled') return [Math.ceil(numOut / 64), Math.ceil(numRows / 8), 1];
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
