/** EXAONE 4 (https://arxiv.org/abs/2507.11407): norms behind the blocks as in OLMo 2, queries and keys normed by heads. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { postNorm } from './olmo.ts';

/** Only the model of 32 billion has windows, and layers that are not rotated; no key says so. */
const LAYERS_WITH_WINDOWS = 64;

export const exaone4: Family = {
  architecture: 'exaone4',
  models: 'EXAONE 4 1.2B',
  config(keys) {
    const common = readCommonConfig(keys);
    keys.demand(common.numLayers !== LAYERS_WITH_WINDOWS, 'sliding windows (EXAONE 4 32B)');
    return { ...common, rotateHalves: true };
  },
  plan: (tensors) => postNorm(tensors, { qkNorm: 'head' }),
};
