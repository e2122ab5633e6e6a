/**
 * The kernel families that can compute the same in several ways, their variants in order of preference on a device, and
 * the kernels that a variant consists of for a model. One variant serves a family for all row counts. What changes the numbers
 * by more than the order of a sum is a setting and never a variant: products in int8 are families of their own.
 * Knows nothing of devices beyond their traits, and nothing of tensors.
 */
import { attentionFlash, attentionRows, attentionSplit, splitGroup, type Visible } from './attention/attention.ts';
import type { BlockType } from './blocks/block-type.ts';
import type { Activation } from './elementwise/activation.ts';
import { expertGemm, expertGemv } from './experts/experts.ts';
import type { Kernel } from './kernel.ts';
import type { KvLayout } from './lib/kv-layout.ts';
import {
  int8Gemm,
  int8GemmOrder,
  int8Gemv,
  int8GemvOrder,
  type Int8BlockType,
  type Int8GemmVariant,
  type Int8GemvVariant,
} from './linear/int8.ts';
import {
  chooseGemmVariant,
  chooseGemvVariant,
  fusesNorm,
  gatedGemv,
  linearGemm,
  linearGemv,
  type GemmVariant,
  type GemvInput,
  type GemvVariant,
  type KernelTraits,
} from './linear/linear.ts';

/** `flash`: tiles of 16 rows; `rows`: a thread a row and head, for CPUs. */
export type AttentionVariant = 'flash' | 'rows';

/** `grouped`: a workgroup serves several query heads of a key-value head; `single`: one. With the same bits. */
export type DecodeAttentionVariant = 'grouped' | 'single';

/** Which variant of each kernel family a model uses, for its whole life. */
export interface KernelVariants {
  readonly gemm: GemmVariant;
  readonly gemv: GemvVariant;
  /** Of prompt rows. */
  readonly attention: AttentionVariant;
  /** Of generated rows; of all rows where the cache has several shards. */
  readonly decodeAttention: DecodeAttentionVariant;
  /** Products in int8, of either class. */
  readonly gemmInt8: Int8GemmVariant;
  readonly gemvInt8: Int8GemvVariant;
}

export type KernelFamily = keyof KernelVariants;

export const KERNEL_FAMILIES: readonly KernelFamily[] = [
  'gemv',
  'gemm',
  'gemvInt8',
  'gemmInt8',
  'attention',
  'decodeAttention',
];

export interface DecodeShape {
  readonly layout: KvLayout;
  readonly headDim: number;
  readonly headsPerKv: number;
  /** Keys a workgroup takes. */
  readonly chunk: number;
}

/** Attention of prompt rows. */
export interface AttentionNeed {
  readonly layout: KvLayout;
  readonly headDim: number;
  readonly keys: Visible;
  readonly sinks?: boolean;
}

/** What a model computes with. */
export interface KernelNeeds {
  /** Types of the matrices whose input had its RMS norm taken just before, and of those whose had not. */
  readonly normed: readonly BlockType[];
  readonly plain: readonly BlockType[];
  /** The same of gate and up in one. */
  readonly gated: readonly BlockType[];
  readonly gatedPlain: readonly BlockType[];
  /** Of stacked matrices, of which a row takes those of its experts: any, and gate and up in one. */
  readonly experts: readonly BlockType[];
  readonly gatedExperts: readonly BlockType[];
  /** Of those that are multiplied in int8, and so are in none of the lists above. */
  readonly int8: readonly Int8BlockType[];
  /** Of gates. */
  readonly activation: Activation;
  /** Of prompt rows, each once; none where a cache of several shards sends them the way of generated rows. */
  readonly attention: readonly AttentionNeed[];
  /** Each once. */
  readonly decodeAttention: readonly DecodeShape[];
  /** The type of most of its weights, and the length of a row: what variants are timed with. */
  readonly typical: { readonly type: BlockType; readonly rowElements: number };
}

/** One kernel of a variant, with what a check of it has to know. */
export type Subject =
  | { readonly op: 'gemm'; readonly kernel: Kernel; readonly type: BlockType; readonly variant: GemmVariant }
  | {
      readonly op: 'gemv';
      readonly kernel: Kernel;
      readonly type: BlockType;
      readonly variant: GemvVariant;
      readonly input: GemvInput;
    }
  | {
      readonly op: 'gated';
      readonly kernel: Kernel;
      readonly type: BlockType;
      readonly variant: GemvVariant;
      readonly input: GemvInput;
      readonly activation: Activation;
    }
  | { readonly op: 'expertGemm'; readonly kernel: Kernel; readonly type: BlockType; readonly variant: GemmVariant }
  | {
      readonly op: 'expertGemv';
      readonly kernel: Kernel;
      readonly type: BlockType;
      readonly variant: GemvVariant;
      /** Of gate and up in one. */
      readonly activation?: Activation;
    }
  | {
      readonly op: 'gemmInt8';
      readonly kernel: Kernel;
      readonly type: Int8BlockType;
      readonly variant: Int8GemmVariant;
    }
  | {
      readonly op: 'gemvInt8';
      readonly kernel: Kernel;
      readonly type: Int8BlockType;
      readonly variant: Int8GemvVariant;
    }
  | {
      readonly op: 'attention';
      readonly kernel: Kernel;
      readonly variant: AttentionVariant;
      readonly layout: KvLayout;
      readonly headDim: number;
      readonly keys: Visible;
      readonly sinks?: boolean;
    }
  | {
      readonly op: 'decodeAttention';
      readonly kernel: Kernel;
      readonly variant: DecodeAttentionVariant;
      /** Query heads a workgroup serves. */
      readonly group: number;
      readonly shape: DecodeShape;
    };

/** A variant with the kernels of it that a model needs, each once. */
export interface Candidate<F extends KernelFamily = KernelFamily> {
  readonly variant: KernelVariants[F];
  readonly subjects: readonly Subject[];
}

/** The variants of a family that can run on a device, best first. */
export function candidatesOf<F extends KernelFamily>(
  family: F,
  needs: KernelNeeds,
  traits: KernelTraits,
): readonly Candidate<F>[] {
  const candidates = variantOrder(family, traits).map((variant) => ({
    variant,
    subjects: subjectsOf(family, variant, needs, traits),
  }));
  // Two variants of the same kernels are one.
  const kernelsOf = ({ subjects }: Candidate<F>) => subjects.map(({ kernel }) => kernel.name).join();
  return candidates.filter(
    (candidate, i) => i === candidates.findIndex((other) => kernelsOf(other) === kernelsOf(candidate)),
  );
}

/** Query heads that a workgroup of a variant serves. */
export function decodeGroup(
  variant: DecodeAttentionVariant,
  { headsPerKv, headDim, chunk }: Omit<DecodeShape, 'layout'>,
) {
  return variant === 'single' ? 1 : splitGroup(headsPerKv, headDim, chunk);
}

function variantOrder<F extends KernelFamily>(family: F, traits: KernelTraits): readonly KernelVariants[F][] {
  const hasWideSubgroups = !traits.software && traits.subgroupMin !== undefined && traits.subgroupMin >= 32;
  // A barrier is dear on a CPU, and so is a thread that works alone on a GPU.
  const [gemvRest, gemmRest] = traits.software
    ? ([
        ['rows', 'lanes'],
        ['rows', 'tiled'],
      ] as const)
    : ([
        ['lanes', 'rows'],
        ['tiled', 'rows'],
      ] as const);
  const orders: { readonly [K in KernelFamily]: readonly KernelVariants[K][] } = {
    gemv: [chooseGemvVariant(traits), ...(hasWideSubgroups ? (['subgroups'] as const) : []), ...gemvRest],
    gemm: [chooseGemmVariant(traits), ...gemmRest],
    attention: [attentionVariant(traits), 'flash', 'rows'],
    decodeAttention: ['grouped', 'single'],
    gemmInt8: int8GemmOrder(traits),
    gemvInt8: int8GemvOrder(traits),
  };
  return [...new Set<KernelVariants[F]>(orders[family])];
}

/** The first of every family. */
export function defaultVariants(traits: KernelTraits): KernelVariants {
  return {
    gemm: chooseGemmVariant(traits),
    gemv: chooseGemvVariant(traits),
    attention: attentionVariant(traits),
    decodeAttention: 'grouped',
    gemmInt8: int8GemmOrder(traits)[0],
    gemvInt8: int8GemvOrder(traits)[0],
  };
}

function attentionVariant({ software }: KernelTraits): AttentionVariant {
  return software ? 'rows' : 'flash';
}

function subjectsOf<F extends KernelFamily>(
  family: F,
  variant: KernelVariants[F],
  needs: KernelNeeds,
  traits: KernelTraits,
): readonly Subject[] {
  const makers: { readonly [K in KernelFamily]: (variant: KernelVariants[K]) => readonly Subject[] } = {
    gemm: (gemm) => [
      ...distinct([...needs.normed, ...needs.plain, ...needs.gated, ...needs.gatedPlain]).map((type): Subject => ({
        op: 'gemm',
        kernel: linearGemm(type, gemm, traits.subgroupMin),
        type,
        variant: gemm,
      })),
      ...distinct([...needs.experts, ...needs.gatedExperts]).map((type): Subject => ({
        op: 'expertGemm',
        kernel: expertGemm(type, gemm),
        type,
        variant: gemm,
      })),
    ],
    gemv: (gemv) => gemvSubjects(gemv, needs, traits),
    attention: (attention) =>
      needs.attention.map((need) => {
        const { layout, headDim } = need;
        const kernel = attention === 'rows' ? attentionRows(layout, need) : attentionFlash(layout, headDim, need);
        return { op: 'attention', kernel, variant: attention, ...need };
      }),
    decodeAttention: (decode) =>
      needs.decodeAttention.map((shape) => {
        const group = decodeGroup(decode, shape);
        const kernel = attentionSplit(shape.layout, shape.headDim, group, shape.chunk);
        return { op: 'decodeAttention', kernel, variant: decode, group, shape };
      }),
    gemmInt8: (gemm) =>
      needs.int8.map((type) => ({ op: 'gemmInt8', kernel: int8Gemm(type, gemm, traits), type, variant: gemm })),
    gemvInt8: (gemv) =>
      needs.int8.map((type) => ({ op: 'gemvInt8', kernel: int8Gemv(type, gemv, traits), type, variant: gemv })),
  };
  return makers[family](variant);
}

function gemvSubjects(variant: GemvVariant, needs: KernelNeeds, traits: KernelTraits): readonly Subject[] {
  const fuses = fusesNorm(variant);
  const { activation } = needs;
  const linear = (type: BlockType, of: GemvInput): Subject => ({
    op: 'gemv',
    kernel: linearGemv(type, variant, of, traits),
    type,
    variant,
    input: of,
  });
  const gated = (type: BlockType, input: GemvInput): Subject => {
    return {
      op: 'gated',
      kernel: gatedGemv(type, variant, input, traits, activation),
      type,
      variant,
      input,
      activation,
    };
  };
  const plainTypes = (plain: readonly BlockType[], normed: readonly BlockType[]) =>
    distinct(fuses ? plain : [...plain, ...normed]);
  const normedTypes = (normed: readonly BlockType[]) => (fuses ? distinct(normed) : []);
  return [
    ...plainTypes(needs.plain, needs.normed).map((type) => linear(type, 'plain')),
    ...normedTypes(needs.normed).map((type) => linear(type, 'normed')),
    ...plainTypes(needs.gatedPlain, needs.gated).map((type) => gated(type, 'plain')),
    ...normedTypes(needs.gated).map((type) => gated(type, 'normed')),
    ...distinct(needs.experts).map((type): Subject => ({
      op: 'expertGemv',
      kernel: expertGemv(type, variant, traits),
      type,
      variant,
    })),
    ...distinct(needs.gatedExperts).map((type): Subject => ({
      op: 'expertGemv',
      kernel: expertGemv(type, variant, traits, activation),
      type,
      variant,
      activation,
    })),
  ];
}

function distinct(types: readonly BlockType[]): readonly BlockType[] {
  return [...new Set(types)];
}
