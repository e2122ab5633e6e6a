/**
 * Matrix products as dispatches: prompt rows by GEMM, generated rows by GEMV, which on GPUs takes the norm of its input
 * and computes gate and up of a gated feed-forward together. Knows nothing of what a matrix is for.
 */
import type { Activation } from '../../shaders/elementwise/activation.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import {
  gatedGemv,
  gemmTileRows,
  gemmWorkgroups,
  gemvWorkgroups,
  linearGemm,
  linearGemv,
  type GemmVariant,
  type GemvDevice,
  type GemvVariant,
  type Workgroups,
} from '../../shaders/linear/linear.ts';
import type { ParamWord, StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { GpuMatrix, MatrixShard } from './matrix.ts';

/** Rows of activations as matrix products take them. */
export interface Rows {
  /** As they are: all rows, or with `fused` those of prompts alone. */
  readonly x: BufferRange;
  /** Generated rows are read from here and normed by the product itself. */
  readonly fused?: { readonly x: BufferRange; readonly weight: BufferRange; readonly eps: number };
}

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
  readonly gateUp: BufferRange; // [rows, 2, padded.ffn] of prompt rows
  readonly activated: BufferRange; // [rows, padded.ffn] of generated rows
  /** Floats of a row of `activated`. */
  readonly outStride: number;
  /** In the coordinates of a row of `gateUp`. */
  readonly bias: BufferRange | undefined;
}

/** Adds a dispatch to the plan; see OpBuilder. */
export type AddDispatch = (
  kernel: Kernel,
  words: readonly ParamWord[],
  bindings: (step: BufferRange, params: BufferRange) => readonly BufferRange[],
  workgroups: (shape: StepShape) => Workgroups,
  weightBytes?: (shape: StepShape) => number,
) => void;

export interface LinearContext {
  readonly gemm: GemmVariant;
  readonly gemv: GemvVariant;
  readonly device: GemvDevice;
  readonly logitRows: BufferRange; // [maxLogitRows]
}

/** What a dispatch of one shard has besides its kernel. */
interface ShardOutput {
  readonly out: BufferRange;
  readonly outStride: number;
  readonly outOffset: number;
  readonly addToOut: boolean;
  readonly headRows: boolean;
  readonly bias: BufferRange | undefined;
  /** Rows of the shard from `at` on go `gap` columns further. */
  readonly split: { readonly at: number; readonly gap: number };
}

export class LinearOps {
  readonly #add: AddDispatch;
  readonly #context: LinearContext;

  constructor(add: AddDispatch, context: LinearContext) {
    this.#add = add;
    this.#context = context;
  }

  /** out (+)= x W^T + bias, for one shard of W. */
  shard(matrix: GpuMatrix, shard: MatrixShard, input: Rows, outOffset: number, target: LinearTarget): void {
    const { addToOut = false, headRows = false, bias } = target;
    const split = { at: shard.numRows, gap: 0 };
    const output = { ...target, outOffset, addToOut, headRows, bias, split };
    this.#gemm(matrix, shard, input, output);
    const { gemv, device } = this.#context;
    const kernel = linearGemv(matrix.type, gemv, input.fused ? 'normed' : 'plain', device);
    this.#gemv(kernel, shard.numRows, matrix, shard, input, output);
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
      (shape) => bytesOf(shard) * Math.ceil(numRows(shape) / gemmTileRows(gemm)),
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
      (shape) => bytesOf(shard) * Math.ceil(numRows(shape) / 4),
    );
  }
}

function paramsOf(matrix: GpuMatrix, shard: MatrixShard, output: ShardOutput, eps: number): readonly ParamWord[] {
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

function bindingsOf(
  shard: MatrixShard,
  step: BufferRange,
  params: BufferRange,
  x: BufferRange,
  { bias, out }: ShardOutput,
): readonly BufferRange[] {
  return [shard.quants, shard.scales, step, params, x, bias ?? x, out];
}

function bytesOf(shard: MatrixShard): number {
  return shard.quantBytes + shard.scaleBytes;
}
