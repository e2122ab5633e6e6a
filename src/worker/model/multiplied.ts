/** What a token costs in multiplications, counted from the plan: the work that any kernel has to do. Knows no kernels. */
import type { ModelInspection } from '../api.ts';
import type { ModelPlan } from './runner.ts';
import type { PlannedMatrix } from './tensors.ts';

export function multipliedWeights({
  config,
  weights: { embedding, head, weights },
}: ModelPlan): ModelInspection['multiplied'] {
  const layers = weights.matrices.filter((matrix) => matrix !== embedding && matrix !== head);
  return { layers: countByType(layers), head: countByType(config.encoder === undefined ? [head] : []) };
}

function countByType(matrices: readonly PlannedMatrix[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { plan, usedShare = 1 } of matrices) {
    counts.set(plan.type.name, (counts.get(plan.type.name) ?? 0) + plan.numRows * plan.rowElements * usedShare);
  }
  return Object.fromEntries(counts);
}
