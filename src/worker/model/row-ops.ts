/**
 * Operations on rows of named buffers that multiply with no matrix: what families do between the blocks of a decoder. Each is a
 * value, which a family's forward pass hands to `ForwardStep.apply`, and a dispatch or a few. Knows no architecture.
 */
import { sparsify } from '../../shaders/altup/altup.ts';
import { gatePart, scaledSum } from '../../shaders/elementwise/scaled-sum.ts';
import { qkNorm } from '../../shaders/norm/norm.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import { applyAltup, type AltupOp } from './altup-ops.ts';
import type { ModelConfig } from './config.ts';
import type { AddDispatch } from './linear-ops.ts';
import type { RowBuffers } from './row-buffers.ts';
import type { PlannedMatrix, PlannedVector } from './tensors.ts';

/** Names are those of `ModelConfig.buffers`, and `hidden`. */
export type RowOp = BasicRowOp | AltupOp;

export type BasicRowOp =
  /** x += scale times the row of the table that the token names */
  | { readonly op: 'addGathered'; readonly x: string; readonly table: PlannedMatrix; readonly scale: number }
  /** Each of the parts that a row of x is made of is RMS normed and multiplied with `weight` [width of a part]. */
  | {
      readonly op: 'normParts';
      readonly x: string;
      readonly numParts: number;
      readonly weight: PlannedVector;
      readonly eps: number;
    }
  /** x = activation(x) * part `part` of `by` */
  | { readonly op: 'gatePart'; readonly x: string; readonly by: string; readonly part: number; readonly width: number }
  /** x = (x + y) * scale * factor[0] */
  | {
      readonly op: 'scaledSum';
      readonly x: string;
      readonly y?: string;
      readonly scale?: number;
      readonly factor?: PlannedVector | undefined;
    };

function isAltup(row: RowOp): row is AltupOp {
  return row.op.startsWith('altup') || row.op === 'matchLength';
}

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

export class RowOps {
  readonly #add: AddDispatch;
  readonly #config: ModelConfig;

  constructor(add: AddDispatch, config: ModelConfig) {
    this.#add = add;
    this.#config = config;
  }

  /** All but gathers, which are the embedding's. */
  apply(row: Exclude<RowOp, { readonly op: 'addGathered' }>, buffers: RowBuffers): void {
    if (isAltup(row)) {
      applyAltup(this.#add, row, buffers, this.#config.normEps);
      return;
    }
    const x = buffers.named(row.x);
    const rowWords = buffers.widthOf(row.x) / 4;
    switch (row.op) {
      case 'normParts':
        this.#add(
          qkNorm,
          [row.numParts, 0, row.weight.numElements / 4, 0, rowWords, { f32: row.eps }],
          (_step, params) => [params, buffers.vector(row.weight), x],
          (shape) => [row.numParts, numRows(shape), 1],
        );
        return;
      case 'gatePart': {
        const words = row.width / 4;
        this.#add(
          gatePart(this.#config.activation),
          [words, rowWords, buffers.widthOf(row.by) / 4, row.part * words],
          (step, params) => [step, params, buffers.named(row.by), x],
          (shape) => [Math.ceil(words / 64), numRows(shape), 1],
        );
        return;
      }
      case 'scaledSum': {
        const { y, scale = 1, factor } = row;
        // What is not there is bound to something of the same kind that is not written.
        const unread = factor === undefined ? this.#unread(buffers, row.x) : buffers.vector(factor);
        this.#add(
          scaledSum,
          [rowWords, { f32: scale }, y === undefined ? 0 : 1, factor === undefined ? 0 : 1],
          (step, params) => [step, params, y === undefined ? unread : buffers.named(y), unread, x],
          (shape) => [Math.ceil(rowWords / 64), numRows(shape), 1],
        );
      }
    }
  }

  /** x = max(0, x - (mean + factor * standard deviation)) of the first `numElements` of each row of `stride` floats. */
  sparsify(x: BufferRange, numElements: number, stride: number, factor: number): void {
    this.#add(
      sparsify,
      [numElements, stride / 4, { f32: factor }],
      (_step, params) => [params, x],
      (shape) => [numRows(shape), 1, 1],
    );
  }

  /** A buffer that is not `x`. */
  #unread(buffers: RowBuffers, x: string): BufferRange {
    return buffers.named(x === 'hidden' ? 'normed' : 'hidden');
  }
}
