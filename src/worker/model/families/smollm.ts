/** SmolLM3 (https://huggingface.co/blog/smollm3): Llama, but queries and keys of every fourth layer are not rotated. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

/** Fixed by the architecture: no key says it. */
const UNROTATED_EVERY = 4;

export const smollm3: Family = {
  architecture: 'smollm3',
  models: 'SmolLM3',
  config(keys) {
    const common = readCommonConfig(keys);
    const layers = common.layers.map((layer, i) =>
      (i + 1) % UNROTATED_EVERY === 0 ? { ...layer, rope: undefined } : layer,
    );
    return { ...common, layers };
  },
  plan: (tensors) => preNorm(tensors),
};
