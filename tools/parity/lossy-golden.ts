/**
 * A golden as it would be if exact arithmetic kept its keys and values in a quantised cache, or rounded the inputs of its
 * products: what a runtime that does so is compared with, so that the format's own error, which depends on the model, is not
 * taken for the runtime's.
 */
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { LlamaOracle, type Losses } from '../oracle/llama.ts';
import { Difference, type Golden, type GoldenPrompt } from './golden.ts';

export async function lossyGolden(golden: Golden, source: ByteSource, losses: Losses): Promise<Golden> {
  const oracle = await LlamaOracle.open(source, losses);
  const prompts: GoldenPrompt[] = [];
  for (const prompt of golden.prompts) prompts.push(await lossyPrompt(golden, prompt, oracle));
  return { ...golden, prompts };
}

/** How far a golden with losses is from the exact one: what the format itself costs on this model. */
export function lossOf(kept: Golden, exact: Golden): Difference {
  const difference = new Difference();
  kept.prompts.forEach((prompt, p) => {
    prompt.exact.positions.forEach(({ top, fixed }, i) => {
      const expected = exact.prompts[p]?.exact.positions[i];
      top.forEach(([, logProb], k) => {
        difference.add(logProb, expected?.top[k]?.[1] ?? NaN);
      });
      fixed.forEach((logProb, k) => {
        difference.add(logProb, expected?.fixed[k] ?? NaN);
      });
    });
  });
  return difference;
}

/** Log-probabilities of the same tokens; of the greedy path the steps at which the losses leave the way. */
async function lossyPrompt(golden: Golden, prompt: GoldenPrompt, oracle: LlamaOracle): Promise<GoldenPrompt> {
  const { positions, ownGreedy } = prompt.exact;
  const ids = [...prompt.ids, ...ownGreedy.ids.slice(0, -1)];
  const steps = ownGreedy.ids.map((_, step) => prompt.ids.length - 1 + step);
  const wanted = [...new Set([...positions.map(({ pos }) => pos), ...steps])];
  const logProbs = await oracle.logProbs(ids, wanted);
  const at = (position: number, id: number) => logProbs.get(position)?.[id] ?? NaN;
  return {
    ...prompt,
    exact: {
      positions: positions.map(({ pos, top }) => ({
        pos,
        top: top.map(([id]) => [id, at(pos, id)] as const),
        fixed: golden.fixedIds.map((id) => at(pos, id)),
      })),
      ownGreedy: {
        ids: ownGreedy.ids,
        margin: ownGreedy.ids.map((id, step) => marginOf(id, logProbs.get(steps[step] ?? NaN))),
      },
    },
  };
}

/** How far a token is ahead of every other; below zero where it is not. */
function marginOf(id: number, logProbs: Float64Array | undefined): number {
  let next = -Infinity;
  logProbs?.forEach((logProb, other) => {
    if (other !== id) next = Math.max(next, logProb);
  });
  return (logProbs?.[id] ?? NaN) - next;
}
