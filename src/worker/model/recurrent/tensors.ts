/**
 * The tensors of blocks with a state by their roles, and their names and shapes in a file. Reads nothing and allocates nothing.
 */
import { LinnetError } from '../../errors.ts';
import type { LayerSource, Part, PlannedMatrix, PlannedVector } from '../tensors.ts';
import {
  widthsOf,
  type ChannelScanConfig,
  type DeltaNetConfig,
  type HeadScanConfig,
  type ShortConvConfig,
} from './config.ts';
import { planWkv, type WkvTensors } from './wkv-tensors.ts';

/** What every block with a convolution has. */
interface MixerBase {
  /** Which layer's state. */
  readonly layer: number;
  /** From the block's input to `projected` rows. */
  readonly projections: readonly Part<PlannedMatrix>[];
  readonly conv: PlannedVector; // [channels][taps]
  /** From `mixed` rows to the residual stream. */
  readonly out: PlannedMatrix;
}

export interface ShortConvTensors extends MixerBase {
  readonly kind: 'shortConv';
  readonly shape: ShortConvConfig;
}

export interface DeltaNetTensors extends MixerBase {
  readonly kind: 'deltaNet';
  readonly shape: DeltaNetConfig;
  readonly decay: PlannedVector; // [2][numValueHeads]
  readonly norm: PlannedVector; // [headSize]
}

interface ScanBase extends MixerBase {
  readonly convBias: PlannedVector | undefined;
  readonly constants: PlannedVector;
}

export interface HeadScanTensors extends ScanBase {
  readonly kind: 'headScan';
  readonly shape: HeadScanConfig;
  readonly norm: PlannedVector | undefined; // [innerSize]
}

export interface ChannelScanTensors extends ScanBase {
  readonly kind: 'channelScan';
  readonly shape: ChannelScanConfig;
  /** From convolved rows to low-rank step sizes, and to B and C. */
  readonly rank: PlannedMatrix;
  readonly select: PlannedMatrix;
  readonly delta: PlannedMatrix;
  readonly deltaBias: PlannedVector; // [innerSize]
  /** Of the low-rank step sizes, B and C: Jamba has them. */
  readonly norms: { readonly rank: PlannedVector; readonly b: PlannedVector; readonly c: PlannedVector } | undefined;
}

export type MixerTensors = ShortConvTensors | DeltaNetTensors | HeadScanTensors | ChannelScanTensors | WkvTensors;

/** @throws MissingTensor, GgufInvalid, UnsupportedTensorType, LimitExceeded */
export function planMixer(source: LayerSource): MixerTensors {
  const { recurrent } = source.config;
  switch (recurrent?.kind) {
    case undefined:
      throw new LinnetError('Internal', 'The model keeps no states.');
    case 'shortConv':
      return planShortConv(source, recurrent);
    case 'deltaNet':
      return planDeltaNet(source, recurrent);
    case 'headScan':
      return planHeadScan(source, recurrent);
    case 'channelScan':
      return planChannelScan(source, recurrent);
    case 'wkv':
      return planWkv(source, recurrent);
  }
}

const namer = (layer: number) => (part: string) => `blk.${String(layer)}.${part}`;

function planShortConv({ planner, config, layer }: LayerSource, shape: ShortConvConfig): ShortConvTensors {
  const name = namer(layer);
  const { channels, taps } = shape;
  const { hiddenSize } = config;
  return {
    kind: 'shortConv',
    layer,
    shape,
    projections: planner.parts([name('shortconv.in_proj.weight')], hiddenSize, [3 * channels]),
    conv: planner.flat(name('shortconv.conv.weight'), [taps, channels]),
    out: planner.matrix([name('shortconv.out_proj.weight')], channels, [hiddenSize]),
  };
}

function planDeltaNet({ planner, config, layer }: LayerSource, shape: DeltaNetConfig): DeltaNetTensors {
  const name = namer(layer);
  const { channels } = widthsOf(shape);
  const { hiddenSize } = config;
  const { headSize, numValueHeads, taps, pairing } = shape;
  const values = numValueHeads * headSize;
  const gates =
    pairing === 'neighbours'
      ? [{ name: 'ssm_ba.weight', numRows: 2 * numValueHeads }]
      : ['ssm_beta.weight', 'ssm_alpha.weight'].map((part) => ({ name: part, numRows: numValueHeads }));
  const projected = [
    { name: 'attn_qkv.weight', numRows: channels },
    { name: 'attn_gate.weight', numRows: values },
    ...gates,
  ];
  return {
    kind: 'deltaNet',
    layer,
    shape,
    projections: planner.parts(
      projected.map((one) => name(one.name)),
      hiddenSize,
      projected.map(({ numRows }) => numRows),
    ),
    conv: planner.flat(name('ssm_conv1d.weight'), [taps, channels]),
    decay: planner.concatenated(name('ssm_decay'), [
      { name: name('ssm_a'), shape: [numValueHeads] },
      { name: name('ssm_dt.bias'), shape: [numValueHeads] },
    ]),
    norm: planner.vector(name('ssm_norm.weight'), headSize),
    out: planner.matrix([name('ssm_out.weight')], values, [hiddenSize]),
  };
}

function planHeadScan({ planner, config, layer }: LayerSource, shape: HeadScanConfig): HeadScanTensors {
  const name = namer(layer);
  const { channels } = widthsOf(shape);
  const { innerSize, numHeads, numGroups, taps } = shape;
  const norm = name('ssm_norm.weight');
  return {
    kind: 'headScan',
    layer,
    shape,
    projections: planner.parts([name('ssm_in.weight')], config.hiddenSize, [innerSize + channels + numHeads]),
    conv: planner.flat(name('ssm_conv1d.weight'), [taps, channels]),
    convBias: planner.option(name('ssm_conv1d.bias'), channels),
    constants: planner.concatenated(name('ssm_constants'), [
      { name: name('ssm_a'), shape: [1, numHeads] },
      { name: name('ssm_d'), shape: [1, numHeads] },
      { name: name('ssm_dt.bias'), shape: [numHeads] },
    ]),
    norm: planner.has(norm) ? planner.flat(norm, [innerSize / numGroups, numGroups]) : undefined,
    out: planner.matrix([name('ssm_out.weight')], innerSize, [config.hiddenSize]),
  };
}

function planChannelScan({ planner, config, layer }: LayerSource, shape: ChannelScanConfig): ChannelScanTensors {
  const name = namer(layer);
  const { innerSize, stateSize, rank, taps } = shape;
  const [ranked, selected] = planner.cut(name('ssm_x.weight'), innerSize, [rank, 2 * stateSize]);
  const normOf = (part: string, numElements: number) => planner.vector(name(`ssm_${part}_norm.weight`), numElements);
  return {
    kind: 'channelScan',
    layer,
    shape,
    projections: planner.parts([name('ssm_in.weight')], config.hiddenSize, [2 * innerSize]),
    conv: planner.flat(name('ssm_conv1d.weight'), [taps, innerSize]),
    convBias: planner.option(name('ssm_conv1d.bias'), innerSize),
    rank: planner.matrix([ranked ?? ''], innerSize, [rank]),
    select: planner.matrix([selected ?? ''], innerSize, [2 * stateSize]),
    delta: planner.matrix([name('ssm_dt.weight')], rank, [innerSize]),
    deltaBias: planner.vector(name('ssm_dt.bias'), innerSize),
    constants: planner.concatenated(name('ssm_constants'), [
      { name: name('ssm_a'), shape: [stateSize, innerSize] },
      { name: name('ssm_d'), shape: [innerSize] },
    ]),
    norms: planner.has(name('ssm_dt_norm.weight'))
      ? { rank: normOf('dt', rank), b: normOf('b', stateSize), c: normOf('c', stateSize) }
      : undefined,
    out: planner.matrix([name('ssm_out.weight')], innerSize, [config.hiddenSize]),
  };
}
