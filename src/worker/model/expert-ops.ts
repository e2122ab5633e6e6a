/**
 * Mixtures of experts as dispatches: routing, products with stacked matrices, and the weighted sum. Expert ids stay on the GPU:
 * prompt rows are grouped by expert there, in as many tiles as there can be at most. Knows nothing of tensors' names.
 */
import type { Activation } from '../../shaders/elementwise/activation.ts';
import {
  expertGemm,
  expertGemmWorkgroups,
  expertGemv,
  expertGemvWorkgroups,
  expertSum,
  expertTiles,
  maxExpertTiles,
  route,
} from '../../shaders/experts/experts.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import { gemmTileRows, type GemmVariant, type GemvDevice, type GemvVariant } from '../../shaders/linear/linear.ts';
import type { ParamWord, StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { ExpertsConfig } from './config.ts';
import type { AddDispatch } from './linear-ops.ts';
import type { GpuMatrix, MatrixShard } from './matrix.ts';
import type { ExpertScratch } from './scratch.ts';

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

export interface ExpertsContext {
  readonly gemm: GemmVariant;
  readonly gemv: GemvVariant;
  readonly device: GemvDevice;
}

export interface RouteTarget {
  /** Added to what is compared, not to the weights. */
  readonly choiceBias: BufferRange | undefined; // [numExperts]
  /** The logit of the shared expert's weight lies behind those of the experts. */
  readonly sharedGate: boolean;
}

export interface ExpertTarget {
  readonly out: BufferRange; // [pairs, outStride]
  /** Floats. */
  readonly outStride: number;
  /** Column of an expert's first output; default 0. */
  readonly outOffset?: number;
  readonly bias: BufferRange | undefined; // [halves, numExperts, rows of an expert]
}

/** Where the rows of x are, and where those of an expert's matrices go. */
interface ProductShape {
  readonly x: BufferRange;
  /** The pairs of a row have x in common. */
  readonly xShared: boolean;
  readonly numHalves: 1 | 2;
  /** Columns between the halves. */
  readonly halfGap: number;
}

export class ExpertOps {
  readonly #add: AddDispatch;
  readonly #context: ExpertsContext;
  readonly #config: ExpertsConfig;
  readonly #scratch: ExpertScratch;

  constructor(add: AddDispatch, context: ExpertsContext, config: ExpertsConfig, scratch: ExpertScratch) {
    this.#add = add;
    this.#context = context;
    this.#config = config;
    this.#scratch = scratch;
  }

  /** The experts of every row and their weights from the logits of the router, and the tiles of prompt rows. */
  route({ choiceBias, sharedGate }: RouteTarget): void {
    const { numExperts, numUsed, gating, normalised, scale, groups } = this.#config;
    const { logits, logitsStride, ids, weights, pairs, tiles } = this.#scratch;
    this.#add(
      route,
      [
        numExperts,
        numUsed,
        logitsStride,
        gating === 'sigmoid' ? 1 : 0,
        normalised ? 1 : 0,
        choiceBias === undefined ? 0 : 1,
        groups?.num ?? 1,
        groups?.numUsed ?? 1,
        sharedGate ? 1 : 0,
        { f32: scale },
      ],
      (step, params) => [step, params, logits, choiceBias ?? logits, ids, weights],
      (shape) => [numRows(shape), 1, 1],
    );
    this.#add(
      expertTiles,
      [numExperts, numUsed, gemmTileRows(this.#context.gemm)],
      (step, params) => [step, params, ids, pairs, tiles],
      (shape) => [shape.numPrompt > 0 ? 1 : 0, 1, 1],
    );
  }

  /**
   * Gate and up of one matrix. Prompt rows: side by side in `gateUp`; generated rows: activation(gate) * up in `activated`.
   * `stride`: floats of a row of `activated`.
   */
  gated(
    matrix: GpuMatrix,
    x: BufferRange,
    stride: number,
    bias: BufferRange | undefined,
    activation: Activation,
  ): void {
    const { gateUp, activated } = this.#scratch;
    const shape = { x, xShared: true, numHalves: 2, halfGap: stride } as const;
    const { gemv, device } = this.#context;
    for (const shard of matrix.shards) {
      this.#gemm(matrix, shard, shape, { out: gateUp, outStride: 2 * stride, bias });
      const kernel = expertGemv(matrix.type, gemv, device, activation);
      this.#gemv(kernel, 1, matrix, shard, shape, { out: activated, outStride: stride, bias });
    }
  }

  /** Any other product of pairs. `xShared`: pairs of a row have x in common. */
  product(matrix: GpuMatrix, x: BufferRange, xShared: boolean, target: ExpertTarget): void {
    const shape = { x, xShared, numHalves: 1, halfGap: 0 } as const;
    const { gemv, device } = this.#context;
    for (const shard of matrix.shards) {
      this.#gemm(matrix, shard, shape, target);
      this.#gemv(expertGemv(matrix.type, gemv, device), 1, matrix, shard, shape, target);
    }
  }

  /** out (+)= the weighted sum of `y` over a row's experts, and of `shared`. Rows are of `width` floats. */
  sum(y: BufferRange, shared: BufferRange | undefined, out: BufferRange, width: number, addToOut: boolean): void {
    const { weights } = this.#scratch;
    this.#add(
      expertSum,
      [width / 4, this.#config.numUsed, shared === undefined ? 0 : 1, addToOut ? 1 : 0],
      (step, params) => [step, params, y, weights, shared ?? y, out],
      (shape) => [Math.ceil(width / 4 / 64), numRows(shape), 1],
    );
  }

  #gemm(matrix: GpuMatrix, shard: MatrixShard, product: ProductShape, target: ExpertTarget): void {
    const { numExperts, numUsed } = this.#config;
    const { tiles, pairs } = this.#scratch;
    const { gemm } = this.#context;
    const numTiles = (shape: StepShape) => maxExpertTiles(shape.numPrompt * numUsed, numExperts, gemm);
    this.#add(
      expertGemm(matrix.type, gemm),
      this.#paramsOf(matrix, shard, product, target),
      (step, params) => [...bindingsOf(shard, step, params, product.x, target), tiles, pairs],
      (shape) => expertGemmWorkgroups(numTiles(shape), this.#outputs(matrix)),
      // At most: how many tiles there are, only the GPU knows.
      (shape) => (bytesOf(shard) / numExperts) * numTiles(shape),
    );
  }

  #gemv(
    kernel: Kernel,
    numHalves: number,
    matrix: GpuMatrix,
    shard: MatrixShard,
    product: ProductShape,
    target: ExpertTarget,
  ): void {
    const { numExperts, numUsed } = this.#config;
    const numOut = (this.#outputs(matrix) / product.numHalves) * numHalves;
    const numPairs = (shape: StepShape) => shape.numGenerated * numUsed;
    this.#add(
      kernel,
      this.#paramsOf(matrix, shard, product, target),
      (step, params) => [...bindingsOf(shard, step, params, product.x, target), this.#scratch.ids],
      (shape) => expertGemvWorkgroups(this.#context.gemv, numPairs(shape), numOut),
      // Of all shards together: those experts that a row takes.
      (shape) => (bytesOf(shard) / numExperts) * numPairs(shape),
    );
  }

  /** Rows of an expert, of gate and up both. */
  #outputs(matrix: GpuMatrix): number {
    return matrix.numRows / this.#config.numExperts;
  }

  #paramsOf(
    matrix: GpuMatrix,
    shard: MatrixShard,
    { xShared, numHalves, halfGap }: ProductShape,
    { outStride, outOffset = 0, bias }: ExpertTarget,
  ): readonly ParamWord[] {
    return [
      matrix.numGroups,
      8,
      shard.firstRow,
      shard.numRows / numHalves,
      this.#outputs(matrix) / numHalves,
      numHalves,
      halfGap,
      matrix.numRows / numHalves,
      bias === undefined ? 0 : 1,
      this.#config.numUsed,
      xShared ? 1 : 0,
      matrix.numGroups * 32,
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
  { bias, out }: ExpertTarget,
): readonly BufferRange[] {
  return [shard.quants, shard.scales, step, params, x, bias ?? x, out];
}

function bytesOf(shard: MatrixShard): number {
  return shard.quantBytes + shard.scaleBytes;
}
