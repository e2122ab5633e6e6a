/**
 * How large everything of a model will be on a device: rows a step may have, logits' layout, scratch buffers, cache.
 * Pure arithmetic, so that it can be told before anything is downloaded.
 */
import type { KvLayout } from '../../shaders/lib/kv-layout.ts';
import type { Precision } from '../../shaders/linear/int8.ts';
import { LinnetError } from '../errors.ts';
import type { PlanningLimits } from '../gpu/gpu.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import { BLOCK_TOKENS, planKvPool, type KvPoolPlan, type WindowPool } from './kv-pool.ts';
import { planStatePool, type StatePoolPlan } from './recurrent/state-pool.ts';

export interface SizeOptions {
  /** Most tokens a sequence may hold. */
  readonly contextLength: number;
  /** Tokens all sequences together may hold; at least `contextLength`. */
  readonly cacheTokens: number;
  readonly kvLayout: KvLayout;
  /** Whether keys and values are transformed before they are quantised; false to measure what that is good for. */
  readonly kvTransform?: boolean;
  /** Layers with windows have a pool that holds little more than their windows; the batches must name its blocks. Default: all tokens. */
  readonly windowPool?: boolean;
  /** Of matrix products; default exact. */
  readonly precision?: Precision;
  /** Most rows of a step, before the limits of the device. */
  readonly maxRows: number;
  readonly maxGeneratedRows: number;
  readonly maxLogitRows: number;
}

export interface ModelSizes {
  readonly contextLength: number;
  readonly maxRows: number;
  readonly maxGeneratedRows: number;
  readonly maxLogitRows: number;
  readonly maxSequences: number;
  /** Blocks a sequence may have: the pitch of the block tables. */
  readonly tableStride: number;
  /** Keys of one chunk of split attention. */
  readonly chunkTokens: number;
  readonly maxChunks: number;
  /** Several cache shards: prompt rows go through split attention too, a chunk being one block. */
  readonly sharded: boolean;
  /** Of the widest layer. */
  readonly padded: { readonly hidden: number; readonly q: number; readonly qkv: number; readonly ffn: number };
  /** Of the widest layer. */
  readonly headDim: number;
  /** Floats of the widest row that a product takes. */
  readonly widestInput: number;
  /** Of a mixture of experts: rows of logits and of the experts' feed-forwards, padded; experts a row takes. */
  readonly experts: { readonly logits: number; readonly ffn: number; readonly numUsed: number } | undefined;
  /** Logits lie as [segment][row][segmentLength]. */
  readonly logits: { readonly segmentLength: number; readonly numSegments: number; readonly numRows: number };
  readonly kv: KvPoolPlan;
  readonly precision: Precision;
  /** Undefined for a model without states. */
  readonly states: StatePoolPlan | undefined;
  readonly scratchBytes: number;
}

export const DEFAULT_SIZE_OPTIONS = { maxRows: 512, maxGeneratedRows: 32, maxLogitRows: 32 } as const;

/** Texts that an encoder takes in one step, at most. */
const TEXTS_A_STEP = 8;

/** For encoders, which take a text of `contextLength` tokens in one step, or `numTexts` shorter ones. */
export function encoderSizes(contextLength: number, numTexts = TEXTS_A_STEP): SizeOptions {
  return {
    contextLength,
    // A block that is not full for each text.
    cacheTokens: contextLength + numTexts * BLOCK_TOKENS,
    kvLayout: 'f32',
    maxRows: contextLength,
    maxGeneratedRows: 1,
    maxLogitRows: numTexts,
  };
}

const CHUNK_TOKENS = 128;
const MAX_SEGMENTS = 2;

/** @throws LimitExceeded naming what does not fit. */
export function planSizes(
  config: ModelConfig,
  vocabSize: number,
  limits: PlanningLimits,
  options: SizeOptions,
): ModelSizes {
  const { numHeads } = config;
  const { padded, headDim, experts, named, widest, widestInput } = rowWidths(config);
  const numBlocks = Math.ceil(options.cacheTokens / BLOCK_TOKENS) + 1;
  const isEncoder = config.encoder !== undefined;
  // The cache of an encoder lives for one step: there is nothing to gain by rounding what is in it.
  const kvLayout = isEncoder ? 'f32' : options.kvLayout;
  const states = planStatePool(config, limits);
  // A cut to a snapshot and one to a whole window would have to agree, and no model has both.
  const hasWindowPool = options.windowPool === true && !isEncoder && states === undefined;
  const kv = planKvPool(config.layers, kvLayout, numBlocks, limits, {
    transform: options.kvTransform,
    windows: hasWindowPool ? windowPool(config, options.maxRows, numBlocks) : undefined,
  });
  const sharded = kv.numShards > 1;
  const chunkTokens = sharded ? BLOCK_TOKENS : CHUNK_TOKENS;
  const maxChunks = Math.ceil(options.contextLength / chunkTokens);
  // Behind the blocks of an encoder's sequence is its length.
  const tableStride = Math.ceil(options.contextLength / BLOCK_TOKENS) + (isEncoder ? 1 : 0);
  const fitting = (what: string, wanted: number, rowBytes: number) => {
    const fits = Math.min(wanted, Math.floor(limits.maxBindingBytes / rowBytes));
    if (fits >= 1) return fits;
    throw new LinnetError(
      'LimitExceeded',
      `${what} of one row take ${String(rowBytes)} bytes, more than a binding of this device. Choose a smaller context or model.`,
    );
  };
  const partialRowBytes = numHeads * maxChunks * headDim * 4;
  let maxRows = fitting('Activations', options.maxRows, widest * 4);
  maxRows = fitting('Block tables', maxRows, tableStride * 4);
  let maxGeneratedRows = Math.min(options.maxGeneratedRows, maxRows);
  if (sharded) maxRows = fitting('Partial attention results', maxRows, partialRowBytes);
  else maxGeneratedRows = fitting('Partial attention results', maxGeneratedRows, partialRowBytes);
  maxGeneratedRows = Math.min(maxGeneratedRows, maxRows);
  if (isEncoder && (sharded || maxRows < options.contextLength)) {
    throw new LinnetError(
      'LimitExceeded',
      `A text of ${String(options.contextLength)} tokens, which an encoder takes in one step, is more than this device's bindings hold. Choose a smaller context.`,
    );
  }
  // A row's logit biases take 8 KiB, in one binding for all rows.
  const biasRows = Math.max(1, Math.floor(limits.maxBindingBytes / 8192));
  // An encoder has none, but rows that are wanted like those of logits.
  const logits = planLogits(isEncoder ? 1 : vocabSize, limits, Math.min(options.maxLogitRows, maxRows, biasRows));
  const partialRows = sharded ? maxRows : maxGeneratedRows;
  const angles = sum(config.ropes.map(({ dim }) => dim + 2));
  const rowBytes =
    (2 * padded.hidden + padded.qkv + 2 * padded.q + 3 * padded.ffn + named + angles) * 4 + 16 + tableStride * 4;
  const { precision = 'exact' } = options;
  // A byte an element, and eight for each 32.
  const int8Bytes = (width: number) => (precision === 'int8' ? 1.25 * width : 0);
  const scratchBytes =
    maxRows *
      (rowBytes +
        expertBytes(experts, padded.hidden) +
        latentBytes(config) +
        int8Bytes(padded.hidden) +
        int8Bytes(widestInput)) +
    partialRows * (partialRowBytes + numHeads * maxChunks * 8) +
    logits.numRows * (logits.segmentLength * logits.numSegments * 4 + padded.hidden * 4 + int8Bytes(padded.hidden));
  return {
    contextLength: options.contextLength,
    maxRows,
    maxGeneratedRows,
    maxLogitRows: logits.numRows,
    maxSequences: maxRows,
    tableStride,
    chunkTokens,
    maxChunks,
    sharded,
    padded,
    headDim,
    widestInput,
    experts,
    logits,
    kv,
    precision,
    states,
    scratchBytes,
  };
}

/** Sequences that keep their windows while one more is on its way through its prompt. */
const DECODING_WINDOWS = 2;

/**
 * Blocks for the window before a step's rows, those rows, a block that is cut at either end and one that is copied; and for the windows
 * of more sequences. Undefined where that is no less than for all tokens.
 */
function windowPool({ layers }: ModelConfig, maxRows: number, numBlocks: number): WindowPool | undefined {
  const window = Math.max(0, ...layers.map((layer) => layer.window ?? 0));
  const blocksOf = (tokens: number) => Math.ceil(tokens / BLOCK_TOKENS);
  const needed = blocksOf(window - 1 + maxRows) + 2 + DECODING_WINDOWS * (blocksOf(window) + 1);
  return window === 0 || needed >= numBlocks ? undefined : { window, numBlocks: needed };
}

/** Floats of rows of activations: `named` of all that the configuration names, `widest` of the widest that is bound at once. */
function rowWidths(config: ModelConfig): Pick<ModelSizes, 'padded' | 'headDim' | 'experts' | 'widestInput'> & {
  readonly named: number;
  readonly widest: number;
} {
  const { numHeads, layers, latent, attentionGates } = config;
  const numQueryHeads = attentionGates ? 2 * numHeads : numHeads;
  const pad = (n: number) => Math.ceil(n / 32) * 32;
  const widestOf = (width: (layer: LayerConfig) => number) => Math.max(...layers.map(width));
  const headDim = widestOf((layer) => layer.headDim);
  const ffnSize = widestOf((layer) => layer.ffnSize);
  const padded = {
    hidden: pad(config.hiddenSize),
    q: pad(numHeads * headDim),
    qkv: pad(widestOf((layer) => (numQueryHeads + 2 * layer.numKvHeads) * layer.headDim)),
    ffn: pad(Math.max(ffnSize, config.experts?.sharedFfnSize ?? 0)),
  };
  const experts = config.experts && {
    logits: pad(config.experts.numExperts + 1),
    ffn: pad(config.experts.ffnSize),
    numUsed: config.experts.numUsed,
  };
  const latentRow = latent && numHeads * Math.max(latent.plainDim + latent.ropeDim, latent.rank, latent.valueDim);
  const expertRow = experts === undefined ? 0 : experts.numUsed * Math.max(2 * experts.ffn, padded.hidden);
  const buffers = Object.values(config.buffers).map(({ width, parts = 1 }) => ({ width: pad(width), parts }));
  const wholes = buffers.map(({ width, parts }) => width * parts);
  return {
    padded,
    headDim,
    experts,
    named: sum(wholes),
    widest: Math.max(padded.hidden, padded.qkv, 2 * padded.ffn, expertRow, latentRow ?? 0, ...wholes),
    widestInput: Math.max(padded.hidden, padded.q, padded.ffn, ...buffers.map(({ width }) => width)),
  };
}

/** Of a row: logits, and of each of its experts id, weight, place, tile, feed-forward and result; the shared expert's result. */
function expertBytes(experts: ModelSizes['experts'], hidden: number): number {
  if (experts === undefined) return 0;
  const { logits, ffn, numUsed } = experts;
  return 4 * (logits + numUsed * (6 + 3 * ffn + hidden) + hidden);
}

/** Of a row: queries, latent, and of each head id, place, tile, query in both spaces and value. */
function latentBytes({ latent, numHeads }: ModelConfig): number {
  if (latent === undefined) return 0;
  const { queryRank, rank, plainDim, ropeDim, valueDim } = latent;
  return 4 * (queryRank + rank + ropeDim + numHeads * (5 + plainDim + ropeDim + rank + valueDim));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

/** What the sampler's integer sums hold. */
const MAX_VOCAB = 262144;

function planLogits(vocabSize: number, limits: PlanningLimits, wantedRows: number): ModelSizes['logits'] {
  if (vocabSize > MAX_VOCAB) {
    throw new LinnetError(
      'LimitExceeded',
      `A vocabulary of ${String(vocabSize)} tokens is more than the ${String(MAX_VOCAB)} supported. Choose another model.`,
    );
  }
  const whole = Math.ceil(vocabSize / 64) * 64;
  const perBinding = Math.floor(limits.maxBindingBytes / 256) * 64; // floats
  if (whole <= perBinding) {
    return {
      segmentLength: whole,
      numSegments: 1,
      numRows: Math.max(1, Math.min(wantedRows, Math.floor(perBinding / whole))),
    };
  }
  const numSegments = Math.ceil(whole / perBinding);
  if (numSegments > MAX_SEGMENTS) {
    throw new LinnetError(
      'LimitExceeded',
      `A vocabulary of ${String(vocabSize)} is too large for the bindings of this device.`,
    );
  }
  return { segmentLength: perBinding, numSegments, numRows: 1 };
}
