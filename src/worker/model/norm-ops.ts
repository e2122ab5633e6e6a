/**
 * The norms that products do not take themselves, and the cap of logits, as dispatches. Knows nothing of what a vector is for.
 */
import { softcap } from '../../shaders/elementwise/softcap.ts';
import { layerNorm, qkNorm, rmsNorm } from '../../shaders/norm/norm.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import type { AddDispatch, Rows } from './linear-ops.ts';
import type { ModelSizes } from './sizes.ts';

/** What a norm of queries and keys is taken over: each head, or all heads of a row. */
export type QkNormKind = 'head' | 'row';

export interface QkNorm {
  readonly kind: QkNormKind;
  /** Whether values are normed as well. */
  readonly values: boolean;
}

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;
const numLogits = (shape: StepShape) => shape.numPromptLogits + shape.numGeneratedLogits;

export class NormOps {
  readonly #add: AddDispatch;
  readonly #config: ModelConfig;
  readonly #sizes: ModelSizes;
  readonly #logitRows: BufferRange;

  constructor(add: AddDispatch, config: ModelConfig, sizes: ModelSizes, logitRows: BufferRange) {
    this.#add = add;
    this.#config = config;
    this.#sizes = sizes;
    this.#logitRows = logitRows;
  }

  /** out += rmsnorm(x) * weight */
  addRmsNorm(x: BufferRange, weight: BufferRange, out: BufferRange): void {
    const { hiddenSize, normEps } = this.#config;
    this.#add(
      rmsNorm,
      [this.#sizes.padded.hidden / 4, hiddenSize, 0, { f32: normEps }, 1],
      (step, params) => [step, params, x, weight, this.#logitRows, out],
      (shape) => [numRows(shape), 1, 1],
    );
  }

  /** layernorm(x) * weight + bias, in `out`; with `headRows` only the rows that want logits, packed. */
  layerNorm(
    x: BufferRange,
    weight: BufferRange,
    bias: BufferRange | undefined,
    out: BufferRange,
    { headRows = false }: { readonly headRows?: boolean } = {},
  ): Rows {
    const { hiddenSize, normEps } = this.#config;
    this.#add(
      layerNorm,
      [this.#sizes.padded.hidden / 4, hiddenSize, headRows ? 1 : 0, { f32: normEps }, bias === undefined ? 0 : 1],
      (step, params) => [step, params, x, weight, bias ?? weight, this.#logitRows, out],
      (shape) => [headRows ? numLogits(shape) : numRows(shape), 1, 1],
    );
    return { x: out };
  }

  /**
   * Queries, keys and, where the family norms them, values of qkv normed in place. `weight`: that of queries, then that of
   * keys; values have none. `queriesOnly`: a row has neither keys nor values.
   */
  qkNorm(
    qkv: BufferRange,
    weight: BufferRange,
    { kind, values }: QkNorm,
    { numKvHeads, headDim }: LayerConfig,
    queriesOnly: boolean,
  ): void {
    const { numHeads, normEps } = this.#config;
    const headWords = headDim / 4;
    const [numQ, partsOfK] = kind === 'head' ? [numHeads, numKvHeads] : [1, 1];
    const numK = queriesOnly ? 0 : partsOfK;
    const numParts = numQ + numK + (values ? numK : 0);
    this.#add(
      qkNorm,
      [
        numQ,
        numK,
        (numHeads / numQ) * headWords,
        (numKvHeads / partsOfK) * headWords,
        this.#sizes.padded.qkv / 4,
        { f32: normEps },
      ],
      (_step, params) => [params, weight, qkv],
      (shape) => [numParts, numRows(shape), 1],
    );
  }

  /** The first `width` elements of rows of `stride` floats, normed in place. */
  rmsNormInPlace(x: BufferRange, weight: BufferRange, width: number, stride: number): void {
    this.#add(
      qkNorm,
      [1, 0, width / 4, 0, stride / 4, { f32: this.#config.normEps }],
      (_step, params) => [params, weight, x],
      (shape) => [1, numRows(shape), 1],
    );
  }

  /** Caps the logits of one segment in place. */
  softcap(segment: BufferRange, cap: number): void {
    const words = this.#sizes.logits.segmentLength / 4;
    this.#add(
      softcap,
      [words, { f32: cap }],
      (step, params) => [step, params, segment],
      (shape) => [Math.ceil(words / 64), numLogits(shape), 1],
    );
  }
}
