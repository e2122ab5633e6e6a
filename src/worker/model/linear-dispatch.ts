/** What every matrix product's dispatch has in common, exact or in int8: its rows, its parameters, its output. Knows no kernel. */
import type { Kernel } from '../../shaders/kernel.ts';
import type { Workgroups } from '../../shaders/linear/linear.ts';
import type { DispatchCost, ParamWord, StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { GpuMatrix, MatrixShard } from './matrix.ts';

/** Rows of activations as signed bytes. */
export interface Int8Rows {
  readonly quants: BufferRange; // [rows, K] bytes
  readonly scales: BufferRange; // [rows, K / 32] of scale and sum
}

/** Rows of activations as matrix products take them. */
export interface Rows {
  /** As they are: all rows, or with `fused` those of prompts alone. */
  readonly x: BufferRange;
  /** Generated rows are read from here and normed by the product itself. */
  readonly fused?: { readonly x: BufferRange; readonly weight: BufferRange; readonly eps: number };
  /** The same rows rounded, for the matrices whose type can be multiplied with them. */
  readonly int8?: Int8Rows;
}

/** Adds a dispatch to the plan; see OpBuilder. */
export type AddDispatch = (
  kernel: Kernel,
  words: readonly ParamWord[],
  bindings: (step: BufferRange, params: BufferRange) => readonly BufferRange[],
  workgroups: (shape: StepShape) => Workgroups,
  cost?: DispatchCost,
) => void;

/** What a dispatch of one shard has besides its kernel. */
export interface ShardOutput {
  readonly out: BufferRange;
  readonly outStride: number;
  readonly outOffset: number;
  readonly addToOut: boolean;
  readonly headRows: boolean;
  readonly bias: BufferRange | undefined;
  /** Rows of the shard from `at` on go `gap` columns further. */
  readonly split: { readonly at: number; readonly gap: number };
}

/** The words of `LinearParams`. */
export function paramsOf(
  matrix: GpuMatrix,
  shard: MatrixShard,
  output: ShardOutput,
  eps: number,
): readonly ParamWord[] {
  return [
    matrix.numGroups,
    shard.numRows,
    matrix.numGroups * 32,
    output.outStride,
    output.outOffset,
    output.headRows ? 1 : 0,
    output.addToOut ? 1 : 0,
    output.bias === undefined ? 0 : 1,
    output.split.at,
    output.split.gap,
    matrix.rowElements,
    { f32: eps },
  ];
}

/** Weights times rows, which `tileRows` of are computed together. */
export function productsOf(matrix: GpuMatrix, shard: MatrixShard, numRows: number, tileRows = 1): number {
  return Math.ceil(numRows / tileRows) * tileRows * shard.numRows * matrix.rowElements;
}

export function bytesOf(shard: MatrixShard): number {
  return shard.quantBytes + shard.scaleBytes;
}
