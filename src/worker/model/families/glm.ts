/** GLM 4 (https://arxiv.org/abs/2406.12793): norms before and behind the blocks, gate|up in one tensor, half of a head rotated. */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { sandwichNorm } from './gemma.ts';

export const glm4: Family = {
  architecture: 'glm4',
  models: 'GLM 4 9B and 32B (0414)',
  config: (keys) => readCommonConfig(keys),
  plan: (tensors) => sandwichNorm(tensors),
};
