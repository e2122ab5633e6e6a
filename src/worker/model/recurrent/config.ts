/**
 * The blocks that keep a state of fixed size instead of keys and values: their shapes, the parts of the state, and the rows of
 * activations between their operations. Pure numbers; knows no metadata or tensors, and
 * of kernels how their rows lie.
 */
import { WKV_PARTS } from '../../../shaders/recurrent/wkv.ts';

interface Convolution {
  /** Tokens that the causal convolution sees, its own among them. */
  readonly taps: number;
}

/** LFM 2's gated short convolution (https://arxiv.org/abs/2511.23404): c * conv(b * x). */
export interface ShortConvConfig extends Convolution {
  readonly kind: 'shortConv';
  readonly channels: number;
}

/** Gated delta net (https://arxiv.org/abs/2412.06464) of Qwen 3 Next and 3.5; keys and values have heads of one size. */
export interface DeltaNetConfig extends Convolution {
  readonly kind: 'deltaNet';
  readonly headSize: number;
  readonly numKeyHeads: number;
  readonly numValueHeads: number;
  /**
   * `neighbours`: a key head serves value heads that stand side by side, and alphas and betas stand key head by key head in one
   * tensor; `interleaved`: value head v has key head v mod numKeyHeads.
   */
  readonly pairing: 'neighbours' | 'interleaved';
}

/** Mamba 2 (https://arxiv.org/abs/2405.21060): one decay a head. */
export interface HeadScanConfig extends Convolution {
  readonly kind: 'headScan';
  readonly innerSize: number;
  readonly stateSize: number;
  readonly numHeads: number;
  /** Of heads, with a B, a C and a norm each. */
  readonly numGroups: number;
}

/** Mamba (https://arxiv.org/abs/2312.00752): a decay for each element of the state. */
export interface ChannelScanConfig extends Convolution {
  readonly kind: 'channelScan';
  readonly innerSize: number;
  readonly stateSize: number;
  /** Of the projection to the step sizes. */
  readonly rank: number;
}

/** RWKV 7's time mix (https://arxiv.org/abs/2503.14456): a decay for each key element, a matrix a head; no convolution, but a shift. */
export interface WkvConfig {
  readonly kind: 'wkv';
  readonly channels: number;
  readonly headSize: number;
  /** Of the projections of low rank. */
  readonly ranks: Readonly<Record<WkvRank, number>>;
}

export type WkvRank = 'decay' | 'rate' | 'residual' | 'gate';

export type ConvolvedConfig = ShortConvConfig | DeltaNetConfig | HeadScanConfig | ChannelScanConfig;
export type RecurrentConfig = ConvolvedConfig | WkvConfig;

/**
 * What rows of activations hold: what was projected from the input, convolved, the low-rank step sizes, what the scan selects by
 * (step sizes, B, C), and what the last projection takes. Of RWKV the inputs mixed with those of the row before, the projections
 * of low rank, and the values of the first layer.
 */
export type MixRow =
  'projected' | 'convolved' | 'ranked' | 'selected' | 'mixed' | 'shifted' | `ranked.${WkvRank}` | 'firstValues';

/** Width, and how many of them a row has in as many parts; default one. */
type RowShape = readonly [name: MixRow, width: number, parts?: number];

export interface Widths {
  /** Channels of the convolution. */
  readonly channels: number;
  /** Floats of the state of the recurrence. */
  readonly state: number;
  readonly rows: readonly RowShape[];
}

/** Ways in which RWKV's time mix mixes a row with the one before. */
export const NUM_TIME_MIXES = 6;

export function widthsOf(config: RecurrentConfig): Widths {
  switch (config.kind) {
    case 'shortConv': {
      const { channels } = config;
      const rows = [
        ['projected', 3 * channels],
        ['mixed', channels],
      ] as const;
      return { channels, state: 0, rows };
    }
    case 'deltaNet': {
      const { headSize, numKeyHeads, numValueHeads } = config;
      const values = numValueHeads * headSize;
      const channels = 2 * numKeyHeads * headSize + values;
      const rows = [
        ['projected', channels + values + 2 * numValueHeads],
        ['convolved', channels],
        ['mixed', values],
      ] as const;
      return { channels, state: values * headSize, rows };
    }
    case 'headScan': {
      const { innerSize, stateSize, numHeads, numGroups } = config;
      const channels = innerSize + 2 * numGroups * stateSize;
      const rows = [
        ['projected', innerSize + channels + numHeads],
        ['convolved', channels],
        ['mixed', innerSize],
      ] as const;
      return { channels, state: innerSize * stateSize, rows };
    }
    case 'channelScan': {
      const { innerSize, stateSize, rank } = config;
      const rows = [
        ['projected', 2 * innerSize],
        ['convolved', innerSize],
        ['ranked', rank],
        ['selected', innerSize + 2 * stateSize],
        ['mixed', innerSize],
      ] as const;
      return { channels: innerSize, state: innerSize * stateSize, rows };
    }
    case 'wkv': {
      const { channels, headSize, ranks } = config;
      const rows = [
        ['shifted', channels, NUM_TIME_MIXES],
        ['ranked.decay', ranks.decay],
        ['ranked.rate', ranks.rate],
        ['ranked.residual', ranks.residual],
        ['ranked.gate', ranks.gate],
        ['projected', WKV_PARTS.length * channels],
        ['firstValues', channels],
        ['mixed', channels],
      ] as const;
      return { channels, state: channels * headSize, rows };
    }
  }
}

/** What a family's configuration has for such blocks: their shape, and the rows between their operations. */
export function withStates(recurrent: RecurrentConfig): {
  readonly recurrent: RecurrentConfig;
  readonly buffers: Readonly<Record<string, { readonly width: number; readonly parts?: number }>>;
} {
  const rows = widthsOf(recurrent).rows.map(([name, width, parts = 1]) => [name, { width, parts }] as const);
  return { recurrent, buffers: Object.fromEntries(rows) };
}

/**
 * Floats of each part of a layer's state, in the order of the numbers that kernels bind them by: the tail of the convolution's inputs,
 * the recurrence. Of RWKV the last input of the time mix, the recurrence, the last input of the channel mix.
 */
export function statePartsOf(config: RecurrentConfig): readonly number[] {
  const { channels, state } = widthsOf(config);
  if (config.kind === 'wkv') return [channels, state, channels];
  const tail = channels * (config.taps - 1);
  return state === 0 ? [tail] : [tail, state];
}
