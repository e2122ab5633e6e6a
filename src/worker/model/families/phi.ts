/**
 * Phi 3 and 4 (https://arxiv.org/abs/2404.14219): Llama with q|k|v and gate|up in one tensor each, and LongRoPE. The sliding
 * window that some files name is left out, as llama.cpp does (https://github.com/ggml-org/llama.cpp/pull/13676).
 */
import { readCommonConfig } from '../config.ts';
import type { Family } from './family.ts';
import { preNorm } from './llama.ts';

export const phi3: Family = {
  architecture: 'phi3',
  models: 'Phi 3, 3.5 and 4 (mini)',
  config: (keys) => ({ ...readCommonConfig(keys), rotateHalves: true }),
  plan: (tensors) => preNorm(tensors),
};
