/**
 * Which kernels a planned model needs, by what they compute: the types of its matrices and the shape of its attention. Pure;
 * goes through the model's forward pass and notes what is multiplied with what.
 */
import type { BlockType } from '../../shaders/blocks/block-type.ts';
import type { GemvInput } from '../../shaders/linear/linear.ts';
import type { KernelNeeds } from '../../shaders/variants.ts';
import type {
  AttentionTensors,
  ExpertsTensors,
  FeedForwardTensors,
  ForwardStep,
  LatentTensors,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import type { ModelPlan } from './runner.ts';
import type { PlannedMatrix } from './tensors.ts';

export function kernelNeeds({ config, sizes, weights }: ModelPlan): KernelNeeds {
  const notes = new Notes(weights);
  weights.forward(notes);
  const { products, gates, stacks } = notes;
  return {
    normed: typesOf(products.normed),
    plain: typesOf(products.plain),
    gated: typesOf(gates.normed),
    gatedPlain: typesOf(gates.plain),
    activation: config.activation,
    attention: sizes.sharded
      ? undefined
      : { layout: sizes.kv.layout, headDim: config.headDim, ...(notes.hasSinks ? { sinks: true } : {}) },
    decodeAttention: {
      layout: sizes.kv.layout,
      headDim: config.headDim,
      headsPerKv: config.numHeads / config.numKvHeads,
      chunk: sizes.chunkTokens,
    },
    typical: typicalOf(
      [...[products, gates].flatMap(({ normed, plain }) => [...normed, ...plain]), ...stacks],
      weights,
    ),
  };
}

/** Matrices by their input: `normed` where its RMS norm was taken just before. */
type ByInput = Readonly<Record<GemvInput, PlannedMatrix[]>>;

class Notes implements ForwardStep<GemvInput> {
  readonly products: ByInput = { normed: [], plain: [] };
  /** Gate and up in one. */
  readonly gates: ByInput = { normed: [], plain: [] };
  /** Of experts. */
  readonly stacks: PlannedMatrix[] = [];
  hasSinks = false;
  readonly hidden = 'plain';
  readonly #model: PlannedModel;

  constructor(model: PlannedModel) {
    this.#model = model;
  }

  embed(): void {
    // Looked up, not multiplied.
  }

  norm({ kind }: NormTensors, { apart = false }: { readonly apart?: boolean } = {}): GemvInput {
    return kind === 'rms' && !apart ? 'normed' : 'plain';
  }

  attention({ qkv, o, sinks }: AttentionTensors, input: GemvInput): void {
    this.hasSinks ||= sinks !== undefined;
    this.products[input].push(...qkv.map(({ matrix }) => matrix));
    this.products.plain.push(o);
  }

  feedForward({ up, down }: FeedForwardTensors, input: GemvInput): void {
    if (up.kind === 'plain') this.products[input].push(up.matrix);
    else if (up.gateUp.kind === 'paired') this.gates[input].push(up.gateUp.matrix);
    else this.products[input].push(up.gateUp.first, up.gateUp.second);
    this.products.plain.push(down);
  }

  latentAttention({ qDown, q, kvDown, kUp, vUp, o }: LatentTensors): void {
    this.products.plain.push(...(qDown === undefined ? [] : [qDown.matrix]), q, kvDown, o);
    this.stacks.push(kUp, vUp);
  }

  experts({ router, gateUp, down, shared }: ExpertsTensors, input: GemvInput): void {
    this.products[input].push(...router.map(({ matrix }) => matrix));
    this.stacks.push(...(gateUp.kind === 'paired' ? [gateUp.matrix] : [gateUp.first, gateUp.second]), down);
    if (shared !== undefined) this.feedForward(shared.feedForward, input);
  }

  head(outputNorm: NormTensors): void {
    this.products[this.norm(outputNorm)].push(this.#model.head);
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
