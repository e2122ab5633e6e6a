/** What the metadata of families with recurrent layers mean, and what is refused by name. That it is computed right, parity says. */
import { describe, expect, it } from 'vitest';
import type { GgufValue } from '../../loading/gguf-metadata.ts';
import { configOf, refused, STATES } from './testing/config-of.ts';

describe('families with recurrent layers', () => {
  it('lfm2 and granitehybrid keep a state where a layer has no key-value heads, and no cache there', () => {
    const kvHeads = Int32Array.of(0, 2, 0, 0, 2, 0, 0, 0);
    for (const [architecture, own] of [
      ['lfm2', { 'shortconv.l_cache': 3 }],
      ['granitehybrid', STATES],
    ] as const) {
      const { layers, recurrent } = configOf(architecture, { ...own, 'attention.head_count_kv': kvHeads });
      expect(layers.map(({ hasState = false, cache }) => (hasState ? 's' : cache))).toEqual([
        ...['s', 1, 's', 's', 4, 's', 's', 's'],
      ]);
      expect(layers.filter(({ hasState }) => hasState).every(({ cache }) => cache === -1)).toBe(true);
      expect(recurrent?.kind).toBe(architecture === 'lfm2' ? 'shortConv' : 'headScan');
    }
    expect(() => configOf('llama', { 'attention.head_count_kv': kvHeads })).toThrow(refused(/0 key-value heads/));
  });

  it('qwen35 attends in every fourth layer, or as often as the file says', () => {
    const attends = (own: Readonly<Record<string, GgufValue>>) =>
      configOf('qwen35', { ...STATES, 'ssm.group_count': 2, ...own }).layers.map(({ cache }) => cache !== -1);
    expect(attends({})).toEqual([false, false, false, true, false, false, false, true]);
    expect(attends({ full_attention_interval: 2 })).toEqual([false, true, false, true, false, true, false, true]);
  });

  it('models with a state alone need no keys of attention; sizes that kernels do not have are refused', () => {
    const { layers, recurrent } = configOf('mamba', { ...STATES, 'attention.head_count': 0 });
    expect(layers.every(({ hasState, cache }) => hasState === true && cache === -1)).toBe(true);
    expect(recurrent).toEqual({ kind: 'channelScan', taps: 4, innerSize: 32, stateSize: 8, rank: 4 });
    expect(() => configOf('mamba2', { ...STATES, 'ssm.state_size': 6 })).toThrow(refused(/state of 6/));
    expect(() => configOf('mamba2', { ...STATES, 'ssm.conv_kernel': 1 })).toThrow(refused(/convolutions of 1/));
    expect(() => configOf('mamba', { ...STATES, 'ssm.dt_b_c_rms': true })).toThrow(refused(/FalconMamba/));
    expect(() => configOf('qwen35', { ...STATES, 'ssm.group_count': 3 })).toThrow(refused(/delta nets of 3 and 4/));
  });
});
