/**
 * The operations of a forward pass as dispatches over buffers: which kernel, which bindings, which grid. A family file
 * (families/) strings them together. Knows nothing of tensors' names or of architectures.
 */
import { activate, gatedMul, sigmoidMul } from '../../shaders/elementwise/gated-mul.ts';
import { embed, EMBED_INDICES, type EmbedIndex } from '../../shaders/embed/embed.ts';
import type { Kernel } from '../../shaders/kernel.ts';
import { isInt8 } from '../../shaders/linear/int8.ts';
import { fusesNorm, type Workgroups } from '../../shaders/linear/linear.ts';
import { rmsNorm } from '../../shaders/norm/norm.ts';
import { POOLINGS, poolRows, type Pooling } from '../../shaders/pool/pool.ts';
import { defaultVariants, type KernelVariants } from '../../shaders/variants.ts';
import { ParamsArena, type Dispatch, type DispatchCost, type ParamWord, type StepShape } from '../gpu/dispatch.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import { AttentionOps } from './attention-ops.ts';
import type { LayerConfig, ModelConfig } from './config.ts';
import { ExpertOps } from './expert-ops.ts';
import { Int8Ops } from './int8-ops.ts';
import type { AddDispatch, Int8Rows, Rows } from './linear-dispatch.ts';
import { LinearOps, type GatedTarget, type LinearTarget } from './linear-ops.ts';
import type { GpuMatrix } from './matrix.ts';
import { NormOps } from './norm-ops.ts';
import { RecurrentOps } from './recurrent/ops.ts';
import { WkvOps } from './recurrent/wkv-ops.ts';
import { RowOps } from './row-ops.ts';
import type { Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import { StackOps } from './stack-ops.ts';
import type { StepInputs } from './step-inputs.ts';
import type { Pair } from './tensors.ts';

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;
const numLogits = (shape: StepShape) => shape.numPromptLogits + shape.numGeneratedLogits;

export type { KernelVariants } from '../../shaders/variants.ts';

export interface NormOptions {
  /** Only the rows that want logits, packed. */
  readonly headRows?: boolean;
  /** Never taken by a product itself. */
  readonly apart?: boolean;
  /** Rounded too, into this. */
  readonly int8?: Int8Rows | undefined;
}

export class OpBuilder {
  readonly #gpu: Gpu;
  readonly #params: ParamsArena;
  readonly #inputs: StepInputs;
  readonly #config: ModelConfig;
  readonly #sizes: ModelSizes;
  readonly variants: KernelVariants;
  readonly #linear: LinearOps;
  /** Rounding of rows that nothing else rounds on its way. */
  readonly int8: Int8Ops;
  /** Norms that products never take themselves. */
  readonly norms: NormOps;
  /** Of models that have experts. */
  readonly experts: ExpertOps | undefined;
  /** Of models with multi-head latent attention: products of heads. */
  readonly heads: StackOps | undefined;
  readonly attention: AttentionOps;
  readonly rows: RowOps;
  /** Of blocks with a state. */
  readonly recurrent: RecurrentOps;
  /** Of RWKV 7. */
  readonly wkv: WkvOps;
  readonly #dispatches: Promise<Dispatch>[] = [];
  readonly #kernels = new Map<string, Kernel>();

  constructor(
    gpu: Gpu,
    inputs: StepInputs,
    config: ModelConfig,
    sizes: ModelSizes,
    scratch: Pick<Scratch, 'experts' | 'latent'>,
    chosen: Partial<KernelVariants> = {},
  ) {
    this.#gpu = gpu;
    this.#params = new ParamsArena(gpu, 'params');
    this.#inputs = inputs;
    this.#config = config;
    this.#sizes = sizes;
    this.variants = { ...defaultVariants(gpu.traits), ...chosen };
    const { gemm, gemv, gemmInt8, gemvInt8 } = this.variants;
    const add: AddDispatch = (...dispatch) => this.#add(...dispatch);
    const common = { device: gpu.traits, logitRows: inputs.logitRows };
    this.int8 = new Int8Ops(add, { gemm: gemmInt8, gemv: gemvInt8, ...common });
    this.#linear = new LinearOps(add, { gemm, gemv, ...common }, this.int8);
    this.norms = new NormOps(add, config, sizes, inputs.logitRows);
    this.rows = new RowOps(add, config);
    this.recurrent = new RecurrentOps(add, inputs);
    this.wkv = new WkvOps(add, inputs);
    this.attention = new AttentionOps(add, { inputs, config, sizes, ...this.variants });
    const { latent } = scratch;
    const context = { gemm, gemv, device: gpu.traits };
    const perHead = { numExperts: config.numHeads, numUsed: config.numHeads };
    this.heads = latent && new StackOps(add, context, perHead, latent);
    this.experts = config.experts && scratch.experts && new ExpertOps(add, context, config.experts, scratch.experts);
  }

  /** Of the plan so far, each once. */
  get kernels(): readonly Kernel[] {
    return [...this.#kernels.values()];
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
   * generated rows themselves, and it is not to be taken `apart`, only prompt rows are written. With `int8` all are, and
   * rounded there.
   */
  rmsNorm(x: BufferRange, weight: BufferRange, out: BufferRange, options: NormOptions = {}): Rows {
    const { headRows = false, apart = false, int8 } = options;
    const { hiddenSize, normEps } = this.#config;
    if (int8 !== undefined) {
      const numGroups = this.#sizes.padded.hidden / 32;
      this.int8.rmsNorm(x, weight, out, int8, { numGroups, numElements: hiddenSize, eps: normEps, headRows });
      return { x: out, int8 };
    }
    const isFused = !apart && fusesNorm(this.variants.gemv);
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

  /**
   * activated = activation(x Wg^T) * (x Wu^T); prompt rows, weights of two types, and products in int8 by way of gateUp.
   * With `target.int8` rounded too where that costs no dispatch.
   */
  gated(weights: Pair<GpuMatrix>, input: Rows, target: GatedTarget): Rows {
    const { gateUp, activated, outStride, bias, sparsity } = target;
    if (weights.kind === 'paired') {
      const { matrix } = weights;
      if (input.int8 !== undefined && isInt8(matrix.type)) {
        this.#linear.gateUpInt8(matrix, matrix.type, input.int8, target);
        return this.#activated(target);
      }
      this.#linear.gated(matrix, input, target, this.#config.activation);
      this.gatedMul(gateUp, activated, outStride, false);
      return { x: activated };
    }
    const sideBySide = { out: gateUp, outStride: 2 * outStride, bias };
    this.linear(weights.first, input, sideBySide);
    this.linear(weights.second, input, { ...sideBySide, outOffset: outStride });
    if (sparsity.factor !== 0) this.rows.sparsify(gateUp, sparsity.width, 2 * outStride, sparsity.factor);
    return this.#activated(target);
  }

  #activated({ gateUp, activated, outStride, int8 }: GatedTarget): Rows {
    if (int8 === undefined) {
      this.gatedMul(gateUp, activated, outStride, true);
      return { x: activated };
    }
    this.int8.gatedMul(gateUp, activated, int8, outStride / 32, this.#config.activation);
    return { x: activated, int8 };
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

  /** values = sigmoid(gates) * values; a layer's gates stand behind q|k|v. */
  gateValues(qkv: BufferRange, values: BufferRange, { headDim, numKvHeads }: LayerConfig): void {
    const { numHeads } = this.#config;
    const { padded } = this.#sizes;
    const words = (numHeads * headDim) / 4;
    this.#add(
      sigmoidMul,
      [words, padded.q / 4, padded.qkv / 4, ((numHeads + 2 * numKvHeads) * headDim) / 4],
      (step, params) => [step, params, qkv, values],
      (shape) => [Math.ceil(words / 64), numRows(shape), 1],
    );
  }

  /** out = activation(gate) * up, gate and up side by side; `out` is [rows * rowsEach, stride]. */
  gatedMul(gateUp: BufferRange, out: BufferRange, stride: number, withGenerated: boolean, rowsEach = 1): void {
    const words = stride / 4;
    const rows = (shape: StepShape) => (withGenerated ? numRows(shape) : shape.numPrompt);
    this.#add(
      gatedMul(this.#config.activation),
      [words, withGenerated ? 1 : 0, rowsEach],
      (step, params) => [step, params, gateUp, out],
      (shape) => [Math.ceil(words / 64), rows(shape) * rowsEach, 1],
    );
  }

  #add(
    kernel: Kernel,
    words: readonly ParamWord[],
    bindings: (step: BufferRange, params: BufferRange) => readonly BufferRange[],
    workgroups: (shape: StepShape) => Workgroups,
    cost?: DispatchCost,
  ): void {
    const params = this.#params.add(words);
    this.#kernels.set(`${kernel.name} ${JSON.stringify(kernel.constants)}`, kernel);
    this.#dispatches.push(
      this.#gpu.pipeline(kernel).then((pipeline) => ({
        label: kernel.name,
        pipeline,
        bindGroup: this.#gpu.bindGroup(kernel.name, pipeline, bindings(this.#inputs.step, params)),
        workgroups: (shape) => {
          const groups = workgroups(shape);
          return groups[0] * groups[1] * groups[2] === 0 ? undefined : groups;
        },
        cost,
      })),
    );
  }
}
