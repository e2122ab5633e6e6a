/** Windows of encoders: half of the window on either side of a token, and rotary angles of their own. Knows no family. */
import type { ModelConfig, ModelKeys } from './config.ts';

/** @throws GgufInvalid */
export function windowsOfEncoder(
  keys: ModelKeys,
  config: ModelConfig,
  isWindowed: (layer: number) => boolean,
): ModelConfig {
  const window = Math.floor(keys.positive('attention.sliding_window') / 2);
  const [rope] = config.ropes;
  const theta = keys.option('rope.freq_base_swa', 10000);
  return {
    ...config,
    ropes: [rope, { ...rope, theta, scaling: { kind: 'none' } }],
    layers: config.layers.map((layer, i) => (isWindowed(i) ? { ...layer, window, rope: 1 } : layer)),
  };
}
