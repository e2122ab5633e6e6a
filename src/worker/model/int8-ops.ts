/**
 * Products in int8 as dispatches, and what rounds their rows: alone, with an RMS norm, with the gate of a feed-forward. Knows
 * nothing of what a matrix is for. A row is rounded on its own, so nothing here depends on the rows of a step.
 */
import type { Activation } from '../../shaders/elementwise/activation.ts';
import {
  exactTwin,
  int8Gemm,
  int8GemmWorkgroups,
  int8Gemv,
  int8GemvWorkgroups,
  type Int8BlockType,
  type Int8GemmVariant,
  type Int8GemvVariant,
} from '../../shaders/linear/int8.ts';
import { gemmTileRows, type KernelTraits } from '../../shaders/linear/linear.ts';
import { gatedMulInt8, quantiseRows, rmsNormInt8 } from '../../shaders/quantise/quantise.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import {
  bytesOf,
  paramsOf,
  productsOf,
  type AddDispatch,
  type Int8Rows,
  type Rows,
  type ShardOutput,
} from './linear-dispatch.ts';
import type { GpuMatrix, MatrixShard } from './matrix.ts';

export interface Int8Context {
  readonly gemm: Int8GemmVariant;
  readonly gemv: Int8GemvVariant;
  readonly device: KernelTraits;
  readonly logitRows: BufferRange; // [maxLogitRows]
}

const numAll = (shape: StepShape) => shape.numPrompt + shape.numGenerated;
const numLogits = (shape: StepShape) => shape.numPromptLogits + shape.numGeneratedLogits;
const rowsOf = (headRows: boolean) => (headRows ? numLogits : numAll);

export class Int8Ops {
  readonly #add: AddDispatch;
  readonly #context: Int8Context;

  constructor(add: AddDispatch, context: Int8Context) {
    this.#add = add;
    this.#context = context;
  }

  /** rows = x rounded; x is [rows, numGroups * 32] */
  quantise(x: BufferRange, numGroups: number, rows: Int8Rows, headRows: boolean): Rows {
    const numRows = rowsOf(headRows);
    this.#add(
      quantiseRows,
      [numGroups, headRows ? 1 : 0],
      (step, params) => [step, params, x, rows.quants, rows.scales],
      (shape) => [Math.ceil((numRows(shape) * numGroups) / 64), 1, 1],
    );
    return { x, int8: rows };
  }

  /** out = rmsnorm(x) * weight of all rows, or of those that want logits, packed; and the same rounded. */
  rmsNorm(
    x: BufferRange,
    weight: BufferRange,
    out: BufferRange,
    rows: Int8Rows,
    {
      numGroups,
      numElements,
      eps,
      headRows,
    }: { numGroups: number; numElements: number; eps: number; headRows: boolean },
  ): void {
    const numRows = rowsOf(headRows);
    this.#add(
      rmsNormInt8,
      [numGroups, numElements, headRows ? 1 : 0, { f32: eps }],
      (step, params) => [step, params, x, weight, this.#context.logitRows, out, rows.quants, rows.scales],
      (shape) => [numRows(shape), 1, 1],
    );
  }

  /** out = activation(gate) * up of all rows, gate and up side by side; and the same rounded. */
  gatedMul(gateUp: BufferRange, out: BufferRange, rows: Int8Rows, numGroups: number, activation: Activation): void {
    this.#add(
      gatedMulInt8(activation),
      [numGroups],
      (step, params) => [step, params, gateUp, out, rows.quants, rows.scales],
      (shape) => [Math.ceil((numAll(shape) * numGroups) / 64), 1, 1],
    );
  }

  /** One shard's product with rows of both classes. */
  product(matrix: GpuMatrix, type: Int8BlockType, shard: MatrixShard, rows: Int8Rows, output: ShardOutput): void {
    const { gemm, gemv, device } = this.#context;
    const params = paramsOf(matrix, shard, output, 0);
    const bindings = (step: BufferRange, params: BufferRange) => [
      shard.quants,
      shard.scales,
      step,
      params,
      rows.quants,
      output.bias ?? rows.scales,
      output.out,
      rows.scales,
    ];
    const tileRows = gemmTileRows(exactTwin(gemm));
    const numPrompt = (shape: StepShape) => (output.headRows ? shape.numPromptLogits : shape.numPrompt);
    const numGenerated = (shape: StepShape) => (output.headRows ? shape.numGeneratedLogits : shape.numGenerated);
    this.#add(
      int8Gemm(type, gemm, device),
      params,
      bindings,
      (shape) => int8GemmWorkgroups(gemm, numPrompt(shape), shard.numRows),
      {
        weightBytes: (shape) => bytesOf(shard) * Math.ceil(numPrompt(shape) / tileRows),
        multiplyAdds: (shape) => productsOf(matrix, shard, numPrompt(shape), tileRows),
      },
    );
    this.#add(
      int8Gemv(type, gemv, device),
      params,
      bindings,
      (shape) => int8GemvWorkgroups(gemv, numGenerated(shape), shard.numRows),
      {
        weightBytes: (shape) => bytesOf(shard) * Math.ceil(numGenerated(shape) / 4),
        multiplyAdds: (shape) => productsOf(matrix, shard, numGenerated(shape)),
      },
    );
  }
}
