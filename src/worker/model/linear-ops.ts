/**
 * Matrix products as dispatches: prompt rows by GEMM, generated rows by GEMV, which on GPUs takes the norm of its input
 * and computes gate and up of a gated feed-forward together. Where rows come rounded and the matrix can be multiplied with
 * them, the product is one in int8. Knows nothing of what a matrix is for.
 */
import type { Activation } from '../../shaders/elementwise/activation.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import { isInt8, type Int8BlockType } from '../../shaders/linear/int8.ts';
import {
  gatedGemv,
  gemmComputedRows,
  gemmTileRows,
  gemmWorkgroups,
  gemvPassRows,
  gemvWorkgroups,
  linearGemm,
  linearGemv,
  type GemmVariant,
  type GemvDevice,
  type GemvVariant,
} from '../../shaders/linear/linear.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { Int8Ops } from './int8-ops.ts';
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

export type { AddDispatch, Rows } from './linear-dispatch.ts';

export interface LinearTarget {
  readonly out: BufferRange;
  /** Floats of a row of `out`. */
  readonly outStride: number;
  /** Where the matrix's first output goes in a row. */
  readonly outOffset?: number;
  readonly addToOut?: boolean;
  readonly headRows?: boolean;
  /** In the coordinates of a row of `out`. */
  readonly bias?: BufferRange | undefined;
}

export interface GatedTarget {
  /**
   * Of a gate of `width` elements what exceeds its mean by `factor` standard deviations is kept; 0: all. Only of gate and up
   * apart.
   */
  readonly sparsity: { readonly factor: number; readonly width: number };
  readonly gateUp: BufferRange; // [rows, 2, outStride] of prompt rows
  readonly activated: BufferRange; // [rows, outStride] of generated rows
  /** Floats of a row of `activated`. */
  readonly outStride: number;
  /** In the coordinates of a row of `gateUp`. */
  readonly bias: BufferRange | undefined;
  /** Where the result is wanted rounded too. */
  readonly int8?: Int8Rows | undefined;
}

export interface LinearContext {
  readonly gemm: GemmVariant;
  readonly gemv: GemvVariant;
  readonly device: GemvDevice;
  readonly logitRows: BufferRange; // [maxLogitRows]
}

export class LinearOps {
  readonly #add: AddDispatch;
  readonly #context: LinearContext;
  readonly #int8: Int8Ops;

  constructor(add: AddDispatch, context: LinearContext, int8: Int8Ops) {
    this.#add = add;
    this.#context = context;
    this.#int8 = int8;
  }

  /** out (+)= x W^T + bias, for one shard of W. */
  shard(matrix: GpuMatrix, shard: MatrixShard, input: Rows, outOffset: number, target: LinearTarget): void {
    const { addToOut = false, headRows = false, bias } = target;
    const split = { at: shard.numRows, gap: 0 };
    const output = { ...target, outOffset, addToOut, headRows, bias, split };
    const { type } = matrix;
    if (input.int8 !== undefined && isInt8(type)) {
      this.#int8.product(matrix, type, shard, input.int8, output);
      return;
    }
    this.#gemm(matrix, shard, input, output);
    const { gemv, device } = this.#context;
    const kernel = linearGemv(matrix.type, gemv, input.fused ? 'normed' : 'plain', device);
    this.#gemv(kernel, shard.numRows, matrix, shard, input, output);
  }

  /** Gate and up side by side in `gateUp`, of all rows, in int8. */
  gateUpInt8(matrix: GpuMatrix, type: Int8BlockType, rows: Int8Rows, { gateUp, outStride, bias }: GatedTarget): void {
    for (const shard of matrix.shards) {
      const split = { at: shard.numRows / 2, gap: outStride - shard.numRows / 2 };
      const place = { out: gateUp, outStride: 2 * outStride, outOffset: shard.firstRow, split };
      this.#int8.product(matrix, type, shard, rows, { ...place, addToOut: false, headRows: false, bias });
    }
  }

  /** Prompt rows: gate and up side by side in `gateUp`; generated rows: activation(gate) * up in `activated`. */
  gated(matrix: GpuMatrix, input: Rows, target: GatedTarget, activation: Activation): void {
    const { gateUp, activated, outStride, bias } = target;
    const { gemv, device } = this.#context;
    const kernel = gatedGemv(matrix.type, gemv, input.fused ? 'normed' : 'plain', device, activation);
    for (const shard of matrix.shards) {
      const at = shard.numRows / 2;
      const common = { outOffset: shard.firstRow, addToOut: false, headRows: false, bias };
      const output = { ...common, split: { at, gap: outStride - at } };
      this.#gemm(matrix, shard, input, { ...output, out: gateUp, outStride: 2 * outStride });
      this.#gemv(kernel, at, matrix, shard, input, { ...output, out: activated, outStride });
    }
  }

  #gemm(matrix: GpuMatrix, shard: MatrixShard, input: Rows, output: ShardOutput): void {
    const { gemm, device } = this.#context;
    const numRows = (shape: StepShape) => (output.headRows ? shape.numPromptLogits : shape.numPrompt);
    this.#add(
      linearGemm(matrix.type, gemm, device.subgroupMin),
      paramsOf(matrix, shard, output, 0),
      (step, params) => bindingsOf(shard, step, params, input.x, output),
      (shape) => gemmWorkgroups(numRows(shape), shard.numRows, gemm),
      {
        weightBytes: (shape) => bytesOf(shard) * Math.ceil(numRows(shape) / gemmTileRows(gemm)),
        multiplyAdds: (shape) => productsOf(matrix, shard, gemmComputedRows(gemm, numRows(shape))),
      },
    );
  }

  #gemv(
    kernel: Kernel,
    numOut: number,
    matrix: GpuMatrix,
    shard: MatrixShard,
    { x, fused }: Rows,
    output: ShardOutput,
  ): void {
    const { gemv, logitRows } = this.#context;
    const numRows = (shape: StepShape) => (output.headRows ? shape.numGeneratedLogits : shape.numGenerated);
    this.#add(
      kernel,
      paramsOf(matrix, shard, output, fused?.eps ?? 0),
      (step, params) =>
        fused === undefined
          ? bindingsOf(shard, step, params, x, output)
          : [...bindingsOf(shard, step, params, fused.x, output), fused.weight, logitRows],
      (shape) => gemvWorkgroups(gemv, numRows(shape), numOut),
      {
        weightBytes: (shape) => bytesOf(shard) * Math.ceil(numRows(shape) / gemvPassRows(gemv)),
        multiplyAdds: (shape) => productsOf(matrix, shard, numRows(shape)),
      },
    );
  }
}

function bindingsOf(
  shard: MatrixShard,
  step: BufferRange,
  params: BufferRange,
  x: BufferRange,
  { bias, out }: ShardOutput,
): readonly BufferRange[] {
  return [shard.quants, shard.scales, step, params, x, bias ?? x, out];
}
