/**
 * The operations of a forward pass as dispatches over buffers: which kernel, which bindings, which grid. A family file
 * (families/) strings them together. Knows nothing of tensors' names or of architectures.
 */
import { activate, gatedMul } from '../../shaders/elementwise/gated-mul.ts';
import { embed, EMBED_INDICES, type EmbedIndex } from '../../shaders/embed/embed.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import { fusesNorm, type Workgroups } from '../../shaders/linear/linear.ts';
import { rmsNorm } from '../../shaders/norm/norm.ts';
import { POOLINGS, poolRows, type Pooling } from '../../shaders/pool/pool.ts';
import { defaultVariants, type KernelVariants } from '../../shaders/variants.ts';
import { ParamsArena, type Dispatch, type ParamWord, type StepShape } from '../gpu/dispatch.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import { AttentionOps } from './attention-ops.ts';
import type { ModelConfig } from './config.ts';
import { LinearOps, type GatedTarget, type LinearTarget, type Rows } from './linear-ops.ts';
import type { GpuMatrix } from './matrix.ts';
import { NormOps } from './norm-ops.ts';
import { RowOps } from './row-ops.ts';
import type { ModelSizes } from './sizes.ts';
import type { StepInputs } from './step-inputs.ts';
import type { Pair } from './tensors.ts';

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;
const numLogits = (shape: StepShape) => shape.numPromptLogits + shape.numGeneratedLogits;

export type { KernelVariants } from '../../shaders/variants.ts';

export class OpBuilder {
  readonly #gpu: Gpu;
  readonly #params: ParamsArena;
  readonly #inputs: StepInputs;
  readonly #config: ModelConfig;
  readonly #sizes: ModelSizes;
  readonly variants: KernelVariants;
  readonly #linear: LinearOps;
  /** Norms that products never take themselves. */
  readonly norms: NormOps;
  readonly attention: AttentionOps;
  readonly rows: RowOps;
  readonly #dispatches: Promise<Dispatch>[] = [];

  constructor(
    gpu: Gpu,
    inputs: StepInputs,
    config: ModelConfig,
    sizes: ModelSizes,
    chosen: Partial<KernelVariants> = {},
  ) {
    this.#gpu = gpu;
    this.#params = new ParamsArena(gpu, 'params');
    this.#inputs = inputs;
    this.#config = config;
    this.#sizes = sizes;
    this.variants = { ...defaultVariants(gpu.traits), ...chosen };
    const { gemm, gemv } = this.variants;
    this.#linear = new LinearOps((...dispatch) => this.#add(...dispatch), {
      gemm,
      gemv,
      device: gpu.traits,
      logitRows: inputs.logitRows,
    });
    this.norms = new NormOps((...dispatch) => this.#add(...dispatch), config, sizes, inputs.logitRows);
    this.rows = new RowOps((...dispatch) => this.#add(...dispatch), config);
    this.attention = new AttentionOps((...dispatch) => this.#add(...dispatch), {
      inputs,
      config,
      sizes,
      ...this.variants,
    });
  }

  /** The plan, once every pipeline is compiled. */
  finish(): Promise<readonly Dispatch[]> {
    return Promise.all(this.#dispatches);
  }

  /** out[r] (+)= table[token or position of r, or its first row] * scale */
  embed(
    table: GpuMatrix,
    out: BufferRange,
    { scale, index, addToOut }: { readonly scale: number; readonly index: EmbedIndex; readonly addToOut: boolean },
  ): void {
    for (const shard of table.shards) {
      this.#add(
        embed(table.type),
        [
          shard.firstRow,
          shard.numRows,
          table.numGroups,
          { f32: scale },
          EMBED_INDICES.indexOf(index),
          addToOut ? 1 : 0,
        ],
        (step, params) => [shard.quants, shard.scales, step, params, this.#inputs.rows, out],
        (shape) => [Math.ceil((numRows(shape) * table.numGroups) / 64), 1, 1],
      );
    }
  }

  /**
   * rmsnorm(x) * weight, in `out`; with `headRows` only the rows that want logits, packed. Where products take the norm of
   * generated rows themselves, only prompt rows are written, unless `whole`.
   */
  rmsNorm(
    x: BufferRange,
    weight: BufferRange,
    out: BufferRange,
    { headRows = false, whole = false }: { readonly headRows?: boolean; readonly whole?: boolean } = {},
  ): Rows {
    const { hiddenSize, normEps } = this.#config;
    const isFused = !whole && fusesNorm(this.variants.gemv);
    const numPrompt = (shape: StepShape) => (headRows ? shape.numPromptLogits : shape.numPrompt);
    const numAll = headRows ? numLogits : numRows;
    this.#add(
      rmsNorm,
      [this.#sizes.padded.hidden / 4, hiddenSize, headRows ? 1 : 0, { f32: normEps }, 0],
      (step, params) => [step, params, x, weight, this.#inputs.logitRows, out],
      (shape) => [isFused ? numPrompt(shape) : numAll(shape), 1, 1],
    );
    return isFused ? { x: out, fused: { x, weight, eps: normEps } } : { x: out };
  }

  /** out (+)= x W^T + bias. */
  linear(matrix: GpuMatrix, input: Rows, target: LinearTarget): void {
    for (const shard of matrix.shards) {
      this.#linear.shard(matrix, shard, input, (target.outOffset ?? 0) + shard.firstRow, target);
    }
  }

  linearShard(
    matrix: GpuMatrix,
    shard: GpuMatrix['shards'][number],
    input: Rows,
    outOffset: number,
    target: LinearTarget,
  ): void {
    this.#linear.shard(matrix, shard, input, outOffset, target);
  }

  /** activated = activation(x Wg^T) * (x Wu^T); prompt rows, and weights of two types, by way of gateUp. */
  gated(weights: Pair<GpuMatrix>, input: Rows, target: GatedTarget): void {
    const { gateUp, activated, outStride, bias, sparsity } = target;
    if (weights.kind === 'paired') {
      this.#linear.gated(weights.matrix, input, target, this.#config.activation);
      this.#gatedMul(gateUp, activated, outStride, false);
      return;
    }
    const sideBySide = { out: gateUp, outStride: 2 * outStride, bias };
    this.linear(weights.first, input, sideBySide);
    this.linear(weights.second, input, { ...sideBySide, outOffset: outStride });
    if (sparsity.factor !== 0) this.rows.sparsify(gateUp, sparsity.width, 2 * outStride, sparsity.factor);
    this.#gatedMul(gateUp, activated, outStride, true);
  }

  /** out = a row of `stride` for each text of an encoder, whose last rows are those that logits are wanted of */
  pool(x: BufferRange, stride: number, pooling: Pooling, out: BufferRange): void {
    const words = stride / 4;
    this.#add(
      poolRows,
      [words, POOLINGS.indexOf(pooling)],
      (step, params) => [step, params, x, this.#inputs.rows, this.#inputs.logitRows, out],
      (shape) => [Math.ceil(words / 64), shape.numPromptLogits, 1],
    );
  }

  /** x = activation(x), in place; x is [rows, stride]. */
  activate(x: BufferRange, stride: number): void {
    const words = stride / 4;
    this.#add(
      activate(this.#config.activation),
      [words],
      (step, params) => [step, params, x],
      (shape) => [Math.ceil(words / 64), numRows(shape), 1],
    );
  }

  /** out = activation(gate) * up, gate and up side by side. */
  #gatedMul(gateUp: BufferRange, out: BufferRange, stride: number, withGenerated: boolean): void {
    const words = stride / 4;
    const rows = (shape: StepShape) => (withGenerated ? numRows(shape) : shape.numPrompt);
    this.#add(
      gatedMul(this.#config.activation),
      [words, withGenerated ? 1 : 0],
      (step, params) => [step, params, gateUp, out],
      (shape) => [Math.ceil((rows(shape) * words) / 64), 1, 1],
    );
  }

  #add(
    kernel: Kernel,
    words: readonly ParamWord[],
    bindings: (step: BufferRange, params: BufferRange) => readonly BufferRange[],
    workgroups: (shape: StepShape) => Workgroups,
    weightBytes?: (shape: StepShape) => number,
  ): void {
    const params = this.#params.add(words);
    this.#dispatches.push(
      this.#gpu.pipeline(kernel).then((pipeline) => ({
        label: kernel.name,
        pipeline,
        bindGroup: this.#gpu.bindGroup(kernel.name, pipeline, bindings(this.#inputs.step, params)),
        workgroups: (shape) => {
          const groups = workgroups(shape);
          return groups[0] * groups[1] * groups[2] === 0 ? undefined : groups;
        },
        ...(weightBytes === undefined ? {} : { weightBytes }),
      })),
    );
  }
}
