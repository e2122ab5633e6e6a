/** What a mixture of experts is, from the metadata's keys. What differs by family without a key is given by the family. */
import { MAX_EXPERTS, MAX_EXPERTS_USED } from '../../shaders/experts/experts.ts';
import type { ExpertsConfig, ModelKeys } from './config.ts';

/** Of `expert_gating_func`; the last is the softmax over the chosen logits: that over all, divided by its sum. */
const GATINGS: Readonly<Record<number, Pick<ExpertsConfig, 'gating'> & Partial<ExpertsConfig>>> = {
  1: { gating: 'softmax' },
  2: { gating: 'sigmoid' },
  3: { gating: 'softmax', normalised: true },
};

/**
 * What the keys say, over what a family's models have where no key does.
 * @throws GgufInvalid naming a key; UnsupportedArchitecture for numbers that the kernels have no room for
 */
export function readExperts(keys: ModelKeys, defaults: Partial<ExpertsConfig> = {}): ExpertsConfig {
  const numExperts = keys.positive('expert_count');
  const numUsed = keys.positive('expert_used_count');
  keys.demand(numExperts <= MAX_EXPERTS, `${String(numExperts)} experts a layer`);
  keys.demand(
    numUsed <= Math.min(MAX_EXPERTS_USED, numExperts),
    `${String(numUsed)} of ${String(numExperts)} experts a token`,
  );
  const func = keys.option('expert_gating_func', 0);
  const gating = GATINGS[func];
  keys.demand(func === 0 || gating !== undefined, `a gating function ${String(func)} of experts`);
  const ffnSize = keys.number('expert_feed_forward_length') ?? defaults.ffnSize ?? keys.positive('feed_forward_length');
  return {
    gating: 'softmax',
    ...defaults,
    numExperts,
    numUsed,
    ffnSize,
    sharedFfnSize: keys.option('expert_shared_feed_forward_length', defaults.sharedFfnSize ?? 0),
    normalised: keys.metadata.boolean(keys.key('expert_weights_norm')) ?? defaults.normalised ?? false,
    scale: keys.option('expert_weights_scale', 1) || 1,
    groups: readGroups(keys, numExperts),
    numDenseLayers: keys.option('leading_dense_block_count', 0),
    ...gating,
  };
}

function readGroups(keys: ModelKeys, numExperts: number): ExpertsConfig['groups'] {
  const num = keys.option('expert_group_count', 1);
  if (num <= 1) return undefined;
  const numUsed = keys.positive('expert_group_used_count');
  keys.demand(
    numExperts % num === 0 && numExperts / num > 1 && numUsed <= num,
    `${String(numUsed)} of ${String(num)} groups of its ${String(numExperts)} experts`,
  );
  return { num, numUsed };
}
