/**
 * Products with stacked matrices [stack][rows][K] as dispatches: every (row, slot) pair with the matrix that its id names, an
 * expert's or a head's. Prompt rows are grouped by id on the GPU, in as many tiles as there can be at most. Knows nothing of
 * what ids mean or where they come from.
 */
import type { Activation } from '../../shaders/elementwise/activation.ts';
import {
  expertGemm,
  expertGemmWorkgroups,
  expertGemv,
  expertGemvWorkgroups,
  expertTiles,
  maxExpertTiles,
} from '../../shaders/experts/experts.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import { gemmTileRows, type GemmVariant, type GemvDevice, type GemvVariant } from '../../shaders/linear/linear.ts';
import type { ParamWord, StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { ExpertsConfig } from './config.ts';
import { bytesOf, productsOf, type AddDispatch } from './linear-dispatch.ts';
import type { GpuMatrix, MatrixShard } from './matrix.ts';
import type { PairScratch } from './scratch.ts';

export interface StackContext {
  readonly gemm: GemmVariant;
  readonly gemv: GemvVariant;
  readonly device: GemvDevice;
}

/** Where the rows of x are. */
export interface StackInput {
  readonly x: BufferRange;
  /** The pairs of a row have x in common; else each has its own. */
  readonly shared: boolean;
  /** Floats of a row of `x`; default: of a row of the matrix, padded. */
  readonly stride?: number;
  /** Floats before the first of a row, a multiple of four; default 0. */
  readonly offset?: number;
}

export interface StackTarget {
  readonly out: BufferRange; // [pairs, outStride]
  /** Floats. */
  readonly outStride: number;
  /** Column of an expert's first output; default 0. */
  readonly outOffset?: number;
  readonly bias: BufferRange | undefined; // [halves, numExperts, rows of a matrix]
}

/** How a matrix's rows go to columns. */
interface Halves {
  readonly num: 1 | 2;
  /** Columns between them. */
  readonly gap: number;
}

export class StackOps {
  readonly #add: AddDispatch;
  readonly #context: StackContext;
  readonly #config: Pick<ExpertsConfig, 'numExperts' | 'numUsed'>;
  readonly #scratch: PairScratch;

  constructor(
    add: AddDispatch,
    context: StackContext,
    config: Pick<ExpertsConfig, 'numExperts' | 'numUsed'>,
    scratch: PairScratch,
  ) {
    this.#add = add;
    this.#context = context;
    this.#config = config;
    this.#scratch = scratch;
  }

  /** The tiles of prompt rows, once their ids are there. */
  tiles(): void {
    const { numExperts, numUsed } = this.#config;
    const { ids, pairs, tiles } = this.#scratch;
    this.#add(
      expertTiles,
      [numExperts, numUsed, gemmTileRows(this.#context.gemm)],
      (step, params) => [step, params, ids, pairs, tiles],
      (shape) => [shape.numPrompt > 0 ? 1 : 0, 1, 1],
    );
  }

  /**
   * Gate and up of one matrix, of x that a row's pairs share. Prompt rows: side by side in `gateUp`; generated rows:
   * activation(gate) * up in `activated`. `stride`: floats of a row of `activated`.
   */
  gated(
    matrix: GpuMatrix,
    x: BufferRange,
    to: { readonly gateUp: BufferRange; readonly activated: BufferRange; readonly stride: number },
    bias: BufferRange | undefined,
    activation: Activation,
  ): void {
    const { gateUp, activated, stride } = to;
    const [input, halves] = [{ x, shared: true }, { num: 2, gap: stride } as const];
    const { gemv, device } = this.#context;
    const kernel = expertGemv(matrix.type, gemv, device, activation);
    for (const shard of matrix.shards) {
      this.#gemm(matrix, shard, input, halves, { out: gateUp, outStride: 2 * stride, bias });
      const numOut = this.#outputs(matrix) / 2;
      this.#gemv(kernel, numOut, matrix, shard, input, halves, { out: activated, outStride: stride, bias });
    }
  }

  /** Any other product. */
  product(matrix: GpuMatrix, input: StackInput, target: StackTarget): void {
    const { gemv, device } = this.#context;
    const kernel = expertGemv(matrix.type, gemv, device);
    for (const shard of matrix.shards) {
      this.#gemm(matrix, shard, input, { num: 1, gap: 0 }, target);
      this.#gemv(kernel, this.#outputs(matrix), matrix, shard, input, { num: 1, gap: 0 }, target);
    }
  }

  #gemm(matrix: GpuMatrix, shard: MatrixShard, input: StackInput, halves: Halves, target: StackTarget): void {
    const { numExperts, numUsed } = this.#config;
    const { tiles, pairs } = this.#scratch;
    const { gemm } = this.#context;
    const numTiles = (shape: StepShape) => maxExpertTiles(shape.numPrompt * numUsed, numExperts, gemm);
    this.#add(
      expertGemm(matrix.type, gemm),
      this.#paramsOf(matrix, shard, input, halves, target),
      (step, params) => [...bindingsOf(shard, step, params, input.x, target), tiles, pairs],
      (shape) => expertGemmWorkgroups(numTiles(shape), this.#outputs(matrix)),
      {
        // At most: how many tiles there are, only the GPU knows.
        weightBytes: (shape) => (bytesOf(shard) / numExperts) * numTiles(shape),
        multiplyAdds: (shape) => productsOf(matrix, shard, shape.numPrompt * numUsed) / numExperts,
      },
    );
  }

  #gemv(
    kernel: Kernel,
    numOut: number,
    matrix: GpuMatrix,
    shard: MatrixShard,
    input: StackInput,
    halves: Halves,
    target: StackTarget,
  ): void {
    const { numExperts, numUsed } = this.#config;
    const numPairs = (shape: StepShape) => shape.numGenerated * numUsed;
    this.#add(
      kernel,
      this.#paramsOf(matrix, shard, input, halves, target),
      (step, params) => [...bindingsOf(shard, step, params, input.x, target), this.#scratch.ids],
      (shape) => expertGemvWorkgroups(this.#context.gemv, numPairs(shape), numOut),
      // Of all shards together: those matrices that a row takes.
      {
        weightBytes: (shape) => (bytesOf(shard) / numExperts) * numPairs(shape),
        multiplyAdds: (shape) => productsOf(matrix, shard, numPairs(shape)) / numExperts,
      },
    );
  }

  /** Rows of one matrix, of both halves. */
  #outputs(matrix: GpuMatrix): number {
    return matrix.numRows / this.#config.numExperts;
  }

  #paramsOf(
    matrix: GpuMatrix,
    shard: MatrixShard,
    { shared, stride = matrix.numGroups * 32, offset = 0 }: StackInput,
    halves: Halves,
    { outStride, outOffset = 0, bias }: StackTarget,
  ): readonly ParamWord[] {
    return [
      matrix.numGroups,
      8,
      shard.firstRow,
      shard.numRows / halves.num,
      this.#outputs(matrix) / halves.num,
      halves.num,
      halves.gap,
      matrix.numRows / halves.num,
      bias === undefined ? 0 : 1,
      this.#config.numUsed,
      shared ? 1 : 0,
      stride,
      offset,
      outStride,
      outOffset,
    ];
  }
}

function bindingsOf(
  shard: MatrixShard,
  step: BufferRange,
  params: BufferRange,
  x: BufferRange,
  { bias, out }: StackTarget,
): readonly BufferRange[] {
  return [shard.quants, shard.scales, step, params, x, bias ?? x, out];
}
