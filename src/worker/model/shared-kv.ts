/** Layers with windows by the pattern of the file, of which the last use the keys and values of earlier ones. Knows no family. */
import type { LayerConfig, ModelConfig, ModelKeys } from './config.ts';

/**
 * Which layers have a window (and the second rotary table), and whose cache each uses: the last `numShared` that of the last
 * layer before them that is of their kind. @throws GgufInvalid, UnsupportedArchitecture
 */
export function windowedAndShared(keys: ModelKeys, config: ModelConfig, numShared: number): readonly LayerConfig[] {
  const window = keys.positive('attention.sliding_window');
  const isWindowed = keys.metadata.requireBooleans(keys.key('attention.sliding_window_pattern'));
  const firstShared = config.numLayers - numShared;
  keys.demand(isWindowed.length >= config.numLayers, 'no pattern of windows for every layer');
  return config.layers.map((layer, i) => {
    const kind = isWindowed[i] ?? false;
    const cache = i < firstShared ? i : isWindowed.lastIndexOf(kind, firstShared - 1);
    keys.demand(cache >= 0, `a layer ${String(i)} that finds no keys and values`);
    return kind ? { ...layer, cache, window, rope: 1 } : { ...layer, cache };
  });
}
