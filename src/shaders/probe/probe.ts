/**
 * Micro-benchmarks of a device as kernels: what memory, fma, dot4I8Packed and each block type's dequantisation can do when
 * nothing else is in the way. The limits that the real kernels are compared with. Knows nothing of clocks or buffers.
 */
import { BINDINGS_WGSL, unitGroupsOf, type BlockType } from '../blocks/block-type.ts';
import type { Kernel } from '../kernel.ts';
import copyWgsl from './probe_copy.wgsl?raw';
import dot4Wgsl from './probe_dot4.wgsl?raw';
import fmaWgsl from './probe_fma.wgsl?raw';
import readWgsl from './probe_read.wgsl?raw';
import paramsWgsl from './params.wgsl?raw';

/** Fields of `ProbeParams`, in order; the last two are f32. */
export const PROBE_PARAMS = ['num_iterations', 'step', 'mask', 'factor', 'addend'] as const;

export const PROBE_WORKGROUP_SIZE = 64;
export const FLOPS_PER_ITERATION = 2 * 256;
/** Four products and four sums each. */
export const INT8_OPS_PER_ITERATION = 8 * 32;
export const BYTES_PER_WORD = 16;

function kernel(name: string, code: string, bindings: Kernel['bindings']): Kernel {
  return { name: `probe_${name}`, code: `${paramsWgsl}\n${code}`, bindings, constants: {}, features: [] };
}

/** params, out */
export const probeFma = kernel('fma', fmaWgsl, ['uniform', 'readWrite']);
/** params, out. Needs the language feature `packed_4x8_integer_dot_product`. */
export const probeDot4 = kernel('dot4', dot4Wgsl, ['uniform', 'readWrite']);
/** params, source, out */
export const probeCopy = kernel('copy', copyWgsl, ['uniform', 'read', 'readWrite']);
/** params, source, out */
export const probeRead = kernel('read', readWgsl, ['uniform', 'read', 'readWrite']);

/** What one thread of `probeDequantDot` holds and does. */
export interface RegisterBlocks {
  /** 16-byte words of quants; in the buffer one word more follows, for the scales. */
  readonly numWords: number;
  /** u32 of scales, at most four. */
  readonly numScaleWords: number;
  /** Groups of 32 weights, each dequantised and multiplied once an iteration. */
  readonly numGroups: number;
}

export function registerBlocks(type: BlockType): RegisterBlocks {
  // Two blocks where that fills a u32 of scales.
  const numBlocks = type.gpuBlockElements > 32 || type.scaleBytes !== 2 ? 1 : 2;
  return {
    numScaleWords: Math.max(1, Math.ceil((type.scaleBytes * numBlocks) / 4)),
    numWords: (type.quantBytes * numBlocks) / BYTES_PER_WORD,
    numGroups: (type.gpuBlockElements * numBlocks) / 32,
  };
}

/**
 * A type's own `dequant32` over planes that are registers instead of buffers, each group multiplied with 32 numbers of x,
 * which are registers too. The planes change in every iteration, or a compiler would dequantise once; and they differ from
 * thread to thread, or a GPU would do it once for many of them. Unrolled here: an
 * array whose index is no constant is no register. Undefined for types with bindings of their own.
 * Bindings: params, blocks, out.
 */
export function probeDequantDot(type: BlockType): Kernel | undefined {
  return registersKernel('dequant_dot', type, '', (numGroups) =>
    each(
      numGroups,
      (group) => `    {
      let w = dequant32(${String(group)}u);
      ${each(8, (i) => `${chain(i)} = fma(w[${String(i)}], x${String(i)}, ${chain(i)});`).join(' ')}
    }`,
    ),
  );
}

/**
 * The same by `unitWgsl`, scales after the sums, which is less work: the limit of kernels that go that way. The sums of x that it
 * needs are taken once, as by a kernel that meets many rows of weights with one of x. Undefined for types without.
 */
export function probeUnitDot(type: BlockType): Kernel | undefined {
  const { unitWgsl } = type;
  if (unitWgsl === undefined) return undefined;
  const unitGroups = unitGroupsOf(unitWgsl);
  const held = `let held = Held(${each(unitGroups * 8, (i) => `x${String(i % 8)}`).join(', ')});
  let sums = sums_of_held(held);`;
  return registersKernel('unit_dot', { ...type, wgsl: `${type.wgsl}\n${unitWgsl}` }, held, (numGroups) =>
    each(numGroups / unitGroups, (i) => `    ${chain(i)} += unit_dot(unit_at(${String(i)}u), held, sums);`),
  );
}

/** Two chains of sums, so that none waits for the one before. */
function chain(i: number): string {
  return i % 2 === 0 ? 'a' : 'b';
}

function each(count: number, line: (i: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, i) => line(i));
}

function registersKernel(
  name: string,
  type: BlockType,
  prepared: string,
  groups: (numGroups: number) => readonly string[],
): Kernel | undefined {
  if (!type.wgsl.startsWith(BINDINGS_WGSL)) return undefined;
  const { numWords, numScaleWords, numGroups } = registerBlocks(type);
  const code = `@group(0) @binding(1) var<storage, read> blocks: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
var<private> wq: array<vec4<u32>, ${String(numWords)}>;
var<private> ws: array<u32, ${String(numScaleWords)}>;
${type.wgsl.slice(BINDINGS_WGSL.length)}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let own = (id.x & params.mask) * params.step;
  ${each(numWords, (i) => `wq[${String(i)}] = blocks[${String(i)}] ^ vec4<u32>(own);`).join(' ')}
  ${each(numScaleWords, (i) => `ws[${String(i)}] = blocks[${String(numWords)}][${String(i)}] ^ own;`).join(' ')}
  let x = vec4<f32>(f32(id.x & 63u)) + vec4<f32>(1.0, 2.0, 3.0, 4.0);
  ${each(8, (i) => `let x${String(i)} = x * params.factor + vec4<f32>(${String(i)}.0);`).join(' ')}
  ${prepared}
  var a = vec4<f32>();
  var b = vec4<f32>();
  for (var i = 0u; i < params.num_iterations; i++) {
    let change = (i & params.mask) * params.step;
    ${each(numWords, (i) => `wq[${String(i)}] ^= vec4<u32>(change);`).join(' ')}
    ${each(numScaleWords, (i) => `ws[${String(i)}] ^= change;`).join(' ')}
${groups(numGroups).join('\n')}
  }
  let s = a + b;
  out[id.x] = (s.x + s.y) + (s.z + s.w);
}
`;
  return kernel(`${name}_${type.name.toLowerCase()}`, code, ['uniform', 'read', 'readWrite']);
}
