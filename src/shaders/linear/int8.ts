/**
 * Matrix products in int8: rows rounded to signed bytes (quantise/) with weights whose type has `int8Wgsl`. A setting, never a
 * variant of the exact products: it changes the numbers by more than the order of a sum. Here are the specs and the variants of
 * its own two families, again by token class and never by the number of rows. Knows nothing of tensors or layers.
 */
import type { BlockType } from '../blocks/block-type.ts';
import type { BindingKind, Kernel } from '../kernel.ts';
import stepWgsl from '../lib/step.wgsl?raw';
import treeSharedWgsl from '../lib/tree32_shared.wgsl?raw';
import treeSubgroupsWgsl from '../lib/tree32_subgroups.wgsl?raw';
import emulatedWgsl from './dot4_emulated.wgsl?raw';
import packedWgsl from './dot4_packed.wgsl?raw';
import int8Wgsl from './int8.wgsl?raw';
import fourWgsl from './int8_four.wgsl?raw';
import gemmRowsWgsl from './int8_gemm_rows.wgsl?raw';
import gemmTiledWgsl from './int8_gemm_tiled.wgsl?raw';
import gemvLanesWgsl from './int8_gemv_lanes.wgsl?raw';
import gemvRowsWgsl from './int8_gemv_rows.wgsl?raw';
import { gemmWorkgroups, gemvWorkgroups, type KernelTraits, type Workgroups } from './linear.ts';
import paramsWgsl from './params.wgsl?raw';

export { PRECISIONS, type Precision } from './precision.ts';

/**
 * `rows`: a thread four outputs, for CPUs; `lanes`: 32 lanes an output; `subgroups`: the same, bit for bit, with shuffles;
 * `emulated`: `rows`, bit for bit, without the language's `dot4I8Packed`.
 */
export type Int8GemvVariant = 'rows' | 'lanes' | 'subgroups' | 'emulated';

/** `rows`: a thread four outputs and eight rows, for CPUs; `tiled`: shared memory, for GPUs; `emulated`: as above. All give the same bits. */
export type Int8GemmVariant = 'rows' | 'tiled' | 'emulated';

/** What of a device, besides the variant, goes into a kernel. */
export interface Int8Device {
  readonly subgroupMin?: number | undefined;
  /** See `KernelTraits`. */
  readonly hasPackedDot?: boolean;
}

/** Best first. */
type Order<T> = readonly [T, ...T[]];

export function int8GemvOrder({ software, subgroupMin = 1 }: KernelTraits): Order<Int8GemvVariant> {
  if (software) return ['rows', 'lanes', 'emulated'];
  // As in the exact products: smaller subgroups exist in several sizes on one device.
  return subgroupMin >= 32 ? ['subgroups', 'lanes', 'rows', 'emulated'] : ['lanes', 'rows', 'emulated'];
}

export function int8GemmOrder({ software }: KernelTraits): Order<Int8GemmVariant> {
  return software ? ['rows', 'tiled', 'emulated'] : ['tiled', 'rows', 'emulated'];
}

/** wq, ws, step, params, x, bias, out, x_scales. */
const BINDINGS: readonly BindingKind[] = ['read', 'read', 'uniform', 'uniform', 'read', 'read', 'readWrite', 'read'];

/** A type whose weights are signed bytes times a scale. */
export type Int8BlockType = BlockType & { readonly int8Wgsl: string };

export function isInt8(type: BlockType): type is Int8BlockType {
  return type.int8Wgsl !== undefined;
}

export function int8Gemv(type: Int8BlockType, variant: Int8GemvVariant, device: Int8Device): Kernel {
  switch (variant) {
    case 'rows':
    case 'emulated':
      return kernel('int8_gemv_rows', type, variant === 'emulated', [fourWgsl, gemvRowsWgsl], device);
    case 'lanes':
      return kernel('int8_gemv_lanes', type, false, [treeSharedWgsl, gemvLanesWgsl], device);
    case 'subgroups': {
      const width = Math.min(device.subgroupMin ?? 4, 32);
      const made = kernel(
        `int8_gemv_subgroups${String(width)}`,
        type,
        false,
        [treeSubgroupsWgsl, gemvLanesWgsl],
        device,
      );
      return {
        ...made,
        code: `enable subgroups;\n${made.code}`,
        constants: { SUBGROUP_MIN: width },
        features: [...made.features, 'subgroups'],
      };
    }
  }
}

export function int8Gemm(type: Int8BlockType, variant: Int8GemmVariant, device: Int8Device): Kernel {
  const body = variant === 'tiled' ? [gemmTiledWgsl] : [fourWgsl, gemmRowsWgsl];
  const op = variant === 'tiled' ? 'int8_gemm_tiled' : 'int8_gemm_rows';
  return kernel(op, type, variant === 'emulated', body, device);
}

function kernel(
  op: string,
  type: Int8BlockType,
  emulated: boolean,
  body: readonly string[],
  { hasPackedDot = true }: Int8Device,
): Kernel {
  const isPacked = hasPackedDot && !emulated;
  return {
    name: `${op}${isPacked ? '' : '_emulated'}_${type.name.toLowerCase()}`,
    code: [
      type.wgsl,
      stepWgsl,
      paramsWgsl,
      isPacked ? packedWgsl : emulatedWgsl,
      int8Wgsl,
      type.int8Wgsl,
      ...body,
    ].join('\n'),
    bindings: BINDINGS,
    constants: {},
    features: type.features,
  };
}

export function int8GemvWorkgroups(variant: Int8GemvVariant, numRows: number, numOut: number): Workgroups {
  return gemvWorkgroups(variant === 'emulated' ? 'rows' : variant, numRows, numOut);
}

export function int8GemmWorkgroups(variant: Int8GemmVariant, numRows: number, numOut: number): Workgroups {
  return gemmWorkgroups(numRows, numOut, exactTwin(variant));
}

/** The exact variant with the same tiles. */
export function exactTwin(variant: Int8GemmVariant): 'rows' | 'tiled' {
  return variant === 'tiled' ? 'tiled' : 'rows';
}
