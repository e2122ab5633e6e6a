/**
 * The tensors of RWKV 7's layers by their roles, and their names and shapes in a file. Reads nothing and allocates nothing.
 */
import type { WkvPart } from '../../../shaders/recurrent/wkv.ts';
import type { LayerSource, PlannedMatrix, PlannedVector } from '../tensors.ts';
import { NUM_TIME_MIXES, type WkvConfig, type WkvRank } from './config.ts';

/** The rows of a block's input, mixed with those before them. */
export interface ShiftTensors {
  /** Which layer's state, and which part of it has the last input. */
  readonly layer: number;
  readonly part: number;
  readonly lerp: PlannedVector; // [numMixes][channels]
  readonly numMixes: number;
}

/** A product of a mix of the input, into a part of a row of products. */
interface WkvProduct {
  readonly mix: number;
  readonly part: WkvPart;
}

export interface WkvTensors {
  readonly kind: 'wkv';
  readonly layer: number;
  readonly shape: WkvConfig;
  /** Its products are of mixes of the input. */
  readonly projections: readonly [];
  readonly shift: ShiftTensors;
  readonly products: readonly (WkvProduct & { readonly matrix: PlannedMatrix })[];
  /** By way of a few elements. */
  readonly lowRank: readonly (WkvProduct & {
    readonly rank: WkvRank;
    readonly down: PlannedMatrix;
    readonly up: PlannedMatrix;
  })[];
  readonly bias: PlannedVector; // of the parts that come first in a row
  readonly inputs: PlannedVector; // [2][channels] k_k, k_a
  readonly out: PlannedMatrix;
  readonly outputs: PlannedVector; // [3][channels] weight and bias of the heads' norm, r_k
  /** It is the first layer, whose values the others mix with theirs. */
  readonly keepsValues: boolean;
}

/** The order of mixes in a file. */
const MIXES = ['receptance', 'decay', 'key', 'value', 'rate', 'gate'] as const;
/** What the file names by letters. */
const LETTERS: Readonly<Record<WkvRank, string>> = { decay: 'w', rate: 'a', residual: 'v', gate: 'g' };
/** The first parts of a row of products, which have biases. */
const BIASED = ['decay', 'rate', 'residual'] as const;

/** @throws MissingTensor, GgufInvalid, UnsupportedTensorType, LimitExceeded */
export function planWkv({ planner, layer }: LayerSource, shape: WkvConfig): WkvTensors {
  const { channels, ranks } = shape;
  const name = (part: string) => `blk.${String(layer)}.time_mix_${part}`;
  const isFirst = layer === 0;
  // The first layer has nothing to mix its values with; files have these tensors there all the same.
  if (isFirst) planner.ignore(['v0', 'v1', 'v2'].map((part) => name(`${part}.weight`)));
  const ranksOf = <R extends WkvRank>(all: readonly R[]) => all.filter((rank) => !isFirst || rank !== 'residual');
  const mixOf = (part: WkvPart) => MIXES.findIndex((mix) => mix === (part === 'residual' ? 'value' : part));
  const vectors = (label: string, parts: readonly string[]) =>
    planner.concatenated(
      name(label),
      parts.map((part) => ({ name: name(part), shape: [channels] })),
    );
  return {
    kind: 'wkv',
    layer,
    shape,
    projections: [],
    shift: {
      layer,
      part: 0,
      lerp: planner.flat(name('lerp_fused.weight'), [channels, 1, 1, NUM_TIME_MIXES]),
      numMixes: NUM_TIME_MIXES,
    },
    products: (['receptance', 'key', 'value'] as const).map((part) => ({
      mix: mixOf(part),
      part,
      matrix: planner.matrix([name(`${part}.weight`)], channels, [channels]),
    })),
    lowRank: ranksOf([...BIASED, 'gate']).map((rank) => ({
      mix: mixOf(rank),
      part: rank,
      rank,
      down: planner.matrix([name(`${LETTERS[rank]}1.weight`)], channels, [ranks[rank]]),
      up: planner.matrix([name(`${LETTERS[rank]}2.weight`)], ranks[rank], [channels]),
    })),
    bias: vectors(
      'bias',
      ranksOf(BIASED).map((rank) => `${LETTERS[rank]}0.weight`),
    ),
    inputs: vectors('inputs', ['k_k.weight', 'k_a.weight']),
    out: planner.matrix([name('output.weight')], channels, [channels]),
    outputs: vectors('outputs', ['ln.weight', 'ln.bias', 'r_k.weight']),
    keepsValues: isFirst,
  };
}

/** Of the channel mix, a feed-forward. */
export function planChannelShift({ planner, config, layer }: LayerSource): ShiftTensors {
  const lerp = planner.flat(`blk.${String(layer)}.channel_mix_lerp_k.weight`, [config.hiddenSize]);
  return { layer, part: 2, lerp, numMixes: 1 };
}
