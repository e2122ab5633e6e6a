/**
 * Which kernels a planned model needs, by what they compute: the types of its matrices and the shape of its attention. Pure;
 * goes through the model's forward pass and notes what is multiplied with what.
 */
import type { BlockType } from '../../shaders/blocks/block-type.ts';
import type { GemvInput } from '../../shaders/linear/linear.ts';
import type { KernelNeeds } from '../../shaders/variants.ts';
import type {
  AttentionTensors,
  FeedForwardTensors,
  ForwardStep,
  NormOptions,
  NormTensors,
  PlannedModel,
} from './decoder-tensors.ts';
import type { ModelConfig } from './config.ts';
import type { ModelPlan } from './runner.ts';
import type { ModelSizes } from './sizes.ts';
import type { PlannedMatrix } from './tensors.ts';

export function kernelNeeds({ config, sizes, weights }: ModelPlan): KernelNeeds {
  const notes = new Notes(weights);
  weights.forward(notes);
  const { products, gates } = notes;
  return {
    normed: typesOf(products.normed),
    plain: typesOf(products.plain),
    gated: typesOf(gates.normed),
    gatedPlain: typesOf(gates.plain),
    activation: config.activation,
    ...attentionNeeds(config, sizes),
    typical: typicalOf(
      [products, gates].flatMap(({ normed, plain }) => [...normed, ...plain]),
      weights,
    ),
  };
}

function attentionNeeds(config: ModelConfig, sizes: ModelSizes): Pick<KernelNeeds, 'attention' | 'decodeAttention'> {
  const { layout } = sizes.kv;
  const keys = config.encoder === undefined ? 'before' : 'around';
  const headDims = [...new Set(config.layers.map(({ headDim }) => headDim))];
  const shapes = config.layers.map(({ headDim, numKvHeads }) => ({
    layout,
    headDim,
    headsPerKv: config.numHeads / numKvHeads,
    chunk: sizes.chunkTokens,
  }));
  return {
    attention: sizes.sharded ? [] : headDims.map((headDim) => ({ layout, headDim, keys })),
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
  readonly hidden = 'plain';
  readonly #model: PlannedModel;

  constructor(model: PlannedModel) {
    this.#model = model;
  }

  embed(): void {
    // Looked up, not multiplied.
  }

  norm({ kind }: NormTensors, { into }: NormOptions = {}): GemvInput {
    return kind === 'rms' && into === undefined ? 'normed' : 'plain';
  }

  rows(): GemvInput {
    return 'plain';
  }

  linear(matrix: PlannedMatrix, input: GemvInput): void {
    this.products[input].push(matrix);
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

  attention({ qkv, o }: AttentionTensors, input: GemvInput): void {
    this.products[input].push(...qkv.map(({ matrix }) => matrix));
    this.products.plain.push(o);
  }

  feedForward({ up, down }: FeedForwardTensors, input: GemvInput): void {
    if (up.kind === 'plain') this.products[input].push(up.matrix);
    else if (up.gateUp.kind === 'paired') this.gates[input].push(up.gateUp.matrix);
    else this.products[input].push(up.gateUp.first, up.gateUp.second);
    this.products.plain.push(down);
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
  for (const { plan } of matrices) {
    numWeights.set(plan.type, (numWeights.get(plan.type) ?? 0) + plan.numRows * plan.rowElements);
  }
  const [[type] = [head.plan.type]] = [...numWeights].sort((a, b) => b[1] - a[1]);
  const [largest = head] = matrices
    .filter(({ plan }) => plan.type === type)
    .sort((a, b) => b.plan.numRows * b.plan.rowElements - a.plan.numRows * a.plan.rowElements);
  return { type, rowElements: largest.plan.rowElements };
}
