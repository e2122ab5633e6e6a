/**
 * Which kernels a planned model needs, by what they compute: the types of its matrices and the shape of its attention. Pure;
 * goes through the model's forward pass and notes what is multiplied with what.
 */
import type { BlockType } from '../../shaders/blocks/block-type.ts';
import { isInt8, type Precision } from '../../shaders/linear/int8.ts';
import type { GemvInput } from '../../shaders/linear/linear.ts';
import type { KernelNeeds } from '../../shaders/variants.ts';
import type {
  AttentionTensors,
  ExpertsTensors,
  FeedForwardTensors,
  ForwardStep,
  LatentTensors,
  NormOptions,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import { NO_CACHE, type ModelConfig } from './config.ts';
import type { MixerTensors } from './recurrent/tensors.ts';
import type { ModelPlan } from './runner.ts';
import type { ModelSizes } from './sizes.ts';
import type { PlannedMatrix } from './tensors.ts';

export function kernelNeeds({ config, sizes, weights }: ModelPlan): KernelNeeds {
  const notes = new Notes(weights, sizes.precision);
  weights.forward(notes);
  const { products, gates, stacks, gateStacks, int8 } = notes;
  return {
    normed: typesOf(products.normed),
    plain: typesOf(products.plain),
    gated: typesOf(gates.normed),
    gatedPlain: typesOf(gates.plain),
    experts: typesOf(stacks),
    gatedExperts: typesOf(gateStacks),
    int8: typesOf(int8).filter(isInt8),
    activation: config.activation,
    ...attentionNeeds(config, sizes, notes.hasSinks),
    typical: typicalOf(
      [...int8, ...[products, gates].flatMap(({ normed, plain }) => [...normed, ...plain]), ...gateStacks, ...stacks],
      weights,
    ),
  };
}

function attentionNeeds(
  config: ModelConfig,
  sizes: ModelSizes,
  sinks: boolean,
): Pick<KernelNeeds, 'attention' | 'decodeAttention'> {
  const { layout } = sizes.kv;
  const keys = config.encoder === undefined ? 'before' : 'around';
  const layers = config.layers.filter(({ cache }) => cache !== NO_CACHE);
  const headDims = [...new Set(layers.map(({ headDim }) => headDim))];
  const shapes = layers.map(({ headDim, numKvHeads }) => ({
    layout,
    headDim,
    headsPerKv: config.numHeads / numKvHeads,
    chunk: sizes.chunkTokens,
  }));
  return {
    attention: sizes.sharded ? [] : headDims.map((headDim) => ({ layout, headDim, keys, ...(sinks ? { sinks } : {}) })),
    decodeAttention:
      config.encoder !== undefined ? [] : [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values()],
  };
}

/** Matrices by their input: `normed` where its RMS norm was taken just before. */
type ByInput = Readonly<Record<GemvInput, PlannedMatrix[]>>;

class Notes implements ForwardStep<GemvInput> {
  readonly products: ByInput = { normed: [], plain: [] };
  /** Gate and up in one. */
  readonly gates: ByInput = { normed: [], plain: [] };
  /** Of experts; and gate and up in one. */
  readonly stacks: PlannedMatrix[] = [];
  readonly gateStacks: PlannedMatrix[] = [];
  hasSinks = false;
  /** Multiplied in int8. */
  readonly int8: PlannedMatrix[] = [];
  readonly hidden = 'plain';
  readonly #model: PlannedModel;
  readonly #precision: Precision;

  constructor(model: PlannedModel, precision: Precision) {
    this.#model = model;
    this.#precision = precision;
  }

  embed(): void {
    // Looked up, not multiplied.
  }

  /** In int8 norms round what they write, so that products do not take them. */
  norm({ kind }: NormTensors, { into, apart = false }: NormOptions = {}): GemvInput {
    const isApart = apart || into !== undefined || this.#precision === 'int8';
    return kind === 'rms' && !isApart ? 'normed' : 'plain';
  }

  rows(): GemvInput {
    return 'plain';
  }

  linear(matrix: PlannedMatrix, input: GemvInput): void {
    this.#product(matrix, input);
  }

  pool(): void {
    // No product.
  }

  addNorm(): void {
    // No product.
  }

  apply(): void {
    // No product.
  }

  attention({ qkv, o, sinks }: AttentionTensors, input: GemvInput): void {
    this.hasSinks ||= sinks !== undefined;
    for (const { matrix } of qkv) this.#product(matrix, input);
    this.#product(o);
  }

  feedForward({ up, down }: FeedForwardTensors, input: GemvInput): void {
    if (up.kind === 'plain') this.#product(up.matrix, input);
    else if (up.gateUp.kind === 'paired') this.#product(up.gateUp.matrix, input, this.gates);
    else for (const matrix of [up.gateUp.first, up.gateUp.second]) this.#product(matrix, input);
    this.#product(down);
  }

  latentAttention({ qDown, q, kvDown, kUp, vUp, o }: LatentTensors, input: GemvInput): void {
    for (const matrix of [qDown?.matrix ?? q, kvDown]) this.#product(matrix, input);
    // What is no norm of the residual stream stays exact.
    this.products.plain.push(...(qDown === undefined ? [] : [q]), o);
    this.stacks.push(kUp, vUp);
  }

  experts({ router, gateUp, down, shared }: ExpertsTensors, input: GemvInput): void {
    this.products[input].push(...router.map(({ matrix }) => matrix));
    if (gateUp.kind === 'paired') this.gateStacks.push(gateUp.matrix);
    else this.stacks.push(gateUp.first, gateUp.second);
    this.stacks.push(down);
    if (shared !== undefined) this.feedForward(shared.feedForward, input);
  }

  mix(tensors: MixerTensors, input: GemvInput): void {
    for (const { matrix } of tensors.projections) this.#product(matrix, input);
    // What is no norm of the residual stream stays exact.
    if (tensors.kind === 'channelScan') this.products.plain.push(tensors.rank, tensors.select, tensors.delta);
    if (tensors.kind === 'wkv') {
      for (const { matrix } of tensors.products) this.products.plain.push(matrix);
      for (const { down, up } of tensors.lowRank) this.products.plain.push(down, up);
    }
    this.#product(tensors.out);
  }

  shift(): GemvInput {
    return 'plain';
  }

  head(outputNorm: NormTensors): void {
    this.#product(this.#model.head, this.norm(outputNorm));
  }

  #product(matrix: PlannedMatrix, input: GemvInput = 'plain', exact: ByInput = this.products): void {
    const isRounded = this.#precision === 'int8' && isInt8(matrix.plan.type);
    (isRounded ? this.int8 : exact[input]).push(matrix);
  }
}

function typesOf(matrices: readonly PlannedMatrix[]): readonly BlockType[] {
  return [...new Set(matrices.map(({ plan }) => plan.type))];
}

/** The type that most weights have, and the length of the rows of the largest matrix of that type in a layer. */
function typicalOf(matrices: readonly PlannedMatrix[], { head }: PlannedModel): KernelNeeds['typical'] {
  const numWeights = new Map<BlockType, number>();
  for (const { plan, usedShare = 1 } of matrices) {
    numWeights.set(plan.type, (numWeights.get(plan.type) ?? 0) + plan.numRows * plan.rowElements * usedShare);
  }
  const [[type] = [head.plan.type]] = [...numWeights].sort((a, b) => b[1] - a[1]);
  const [largest = head] = matrices
    .filter(({ plan }) => plan.type === type)
    .sort((a, b) => b.plan.numRows * b.plan.rowElements - a.plan.numRows * a.plan.rowElements);
  return { type, rowElements: largest.plan.rowElements };
}
