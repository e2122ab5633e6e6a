/**
 * Jamba (https://arxiv.org/abs/2403.19887): Mamba with norms of step sizes, B and C, attention without rotation in some layers, and
 * experts in those that have a router, whose weights are not divided by their sum.
 */
import { readCommonConfig } from '../config.ts';
import { readExperts } from '../experts-config.ts';
import { withStates } from '../recurrent/config.ts';
import type { Family } from './family.ts';
import { hybrid } from './hybrid.ts';
import { readChannelScan } from './mamba.ts';

export const jamba: Family = {
  architecture: 'jamba',
  models: 'Jamba (Mini, Large, 3B)',
  config(keys) {
    const common = readCommonConfig(keys, {
      hasStates: true,
      experts: (own) => readExperts(own, { normalised: false }),
    });
    const layers = common.layers.map((layer) => ({ ...layer, rope: undefined }));
    return { ...common, layers, ...withStates(readChannelScan(keys)) };
  },
  plan: (tensors) => hybrid(tensors),
};
