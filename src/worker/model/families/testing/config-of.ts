/** Configurations of families from metadata that tests make up. Knows no family. */
import { expect } from 'vitest';
import { GgufMetadata, type GgufValue } from '../../../loading/gguf-metadata.ts';
import { ModelKeys, type ModelConfig } from '../../config.ts';
import { familyOf } from '../index.ts';

const COMMON = {
  embedding_length: 64,
  block_count: 8,
  feed_forward_length: 96,
  'attention.head_count': 4,
  'attention.head_count_kv': 2,
  'attention.layer_norm_rms_epsilon': 0.5,
  'attention.layer_norm_epsilon': 0.5,
  context_length: 512,
};

/** Of 4 heads of 8 elements, as delta nets and Mamba 2 have them; Mamba reads a rank of 4. */
export const STATES = {
  'ssm.conv_kernel': 4,
  'ssm.inner_size': 32,
  'ssm.state_size': 8,
  'ssm.time_step_rank': 4,
};

/** Of RWKV 7. */
export const WKV = {
  'wkv.head_size': 16,
  'attention.decay_lora_rank': 8,
  'attention.iclr_lora_rank': 12,
  'attention.value_residual_mix_lora_rank': 4,
  'attention.gate_lora_rank': 20,
};

/** What a family makes of these keys, over some that all have. */
export function configOf(architecture: string, own: Readonly<Record<string, GgufValue>> = {}): ModelConfig {
  const entries = Object.entries({ ...COMMON, ...own }).map(
    ([name, value]) => [`${architecture}.${name}`, value] as const,
  );
  const metadata = new GgufMetadata(new Map<string, GgufValue>([['general.architecture', architecture], ...entries]));
  return familyOf(architecture).config(new ModelKeys(metadata));
}

/** An UnsupportedArchitecture. */
export const refused = (message: RegExp): unknown =>
  expect.objectContaining({ name: 'UnsupportedArchitecture', message: expect.stringMatching(message) as unknown });
