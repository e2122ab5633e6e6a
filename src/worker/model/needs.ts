/**
 * Which kernels a planned model needs, by what they compute: the types of its matrices and the shape of its attention. Pure;
 * follows what llama.ts does with each matrix.
 */
import type { BlockType } from '../../shaders/blocks/block-type.ts';
import type { KernelNeeds } from '../../shaders/variants.ts';
import type { LlamaPlan } from './llama.ts';
import type { ModelPlan } from './runner.ts';
import type { PlannedMatrix } from './tensors.ts';

export function kernelNeeds({ config, sizes, weights }: ModelPlan): KernelNeeds {
  const { normed, plain, gated } = matricesOf(weights);
  return {
    normed: typesOf(normed),
    plain: typesOf(plain),
    gated: typesOf(gated),
    attention: sizes.sharded ? undefined : { layout: sizes.kv.layout, headDim: config.headDim },
    decodeAttention: {
      layout: sizes.kv.layout,
      headDim: config.headDim,
      headsPerKv: config.numHeads / config.numKvHeads,
      chunk: sizes.chunkTokens,
    },
    typical: typicalOf([...normed, ...plain, ...gated], weights),
  };
}

function matricesOf({ layers, head }: LlamaPlan) {
  const normed = [head];
  const plain: PlannedMatrix[] = [];
  const gated: PlannedMatrix[] = [];
  for (const { qkv, o, gateUp, down } of layers) {
    normed.push(...qkv.map(({ matrix }) => matrix));
    plain.push(o, down);
    if (gateUp.kind === 'paired') gated.push(gateUp.matrix);
    else normed.push(gateUp.first, gateUp.second);
  }
  return { normed, plain, gated };
}

function typesOf(matrices: readonly PlannedMatrix[]): readonly BlockType[] {
  return [...new Set(matrices.map(({ plan }) => plan.type))];
}

/** The type that most weights have, and the length of the rows of the largest matrix of that type in a layer. */
function typicalOf(matrices: readonly PlannedMatrix[], { head }: LlamaPlan): KernelNeeds['typical'] {
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
