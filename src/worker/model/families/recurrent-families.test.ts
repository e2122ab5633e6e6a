/** What the metadata of families with recurrent layers mean, and what is refused by name. That it is computed right, parity says. */
import { describe, expect, it } from 'vitest';
import type { GgufValue } from '../../loading/gguf-metadata.ts';
import { statePartsOf } from '../recurrent/config.ts';
import { configOf, refused, STATES, WKV } from './testing/config-of.ts';

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

  it('experts are weighed as the families have it: by sigmoids divided by their sum, by a softmax, or not divided at all', () => {
    const experts = { expert_count: 8, expert_used_count: 2, expert_feed_forward_length: 24 };
    const lfm = { 'shortconv.l_cache': 3, ...experts, leading_dense_block_count: 2 };
    expect(configOf('lfm2moe', lfm).experts).toMatchObject({
      gating: 'sigmoid',
      normalised: true,
      numDenseLayers: 2,
      ffnSize: 24,
    });
    const shared = { ...STATES, 'ssm.group_count': 2, ...experts, expert_shared_feed_forward_length: 48 };
    for (const [architecture, pairing] of [
      ['qwen35moe', 'interleaved'],
      ['qwen3next', 'neighbours'],
    ] as const) {
      const config = configOf(architecture, shared);
      expect(config.experts).toMatchObject({ gating: 'softmax', normalised: true, sharedFfnSize: 48 });
      expect(config.recurrent).toMatchObject({ kind: 'deltaNet', pairing });
    }
    expect(configOf('granitehybrid', shared).experts).toMatchObject({ normalised: true, sharedFfnSize: 48 });
    expect(configOf('jamba', { ...STATES, ...experts }).experts).toMatchObject({ normalised: false });
    expect(configOf('jamba', STATES).experts).toBeUndefined();
    expect(() => configOf('qwen35', shared)).toThrow(refused(/8 experts/));
  });

  it('rwkv7 keeps the last input of both mixes and a matrix a head; projections have a rank each', () => {
    const { layers, recurrent, normEps, activation, buffers } = configOf('rwkv7', {
      ...WKV,
      'attention.head_count': 0,
    });
    expect(layers.every(({ hasState, cache, ffnSize }) => hasState === true && cache === -1 && ffnSize === 96)).toBe(
      true,
    );
    expect(recurrent).toEqual({
      kind: 'wkv',
      channels: 64,
      headSize: 16,
      ranks: { decay: 8, rate: 12, residual: 4, gate: 20 },
    });
    expect(recurrent && statePartsOf(recurrent)).toEqual([64, 64 * 16, 64]);
    expect({ normEps, activation }).toEqual({ normEps: 0.5, activation: 'relu2' });
    expect(buffers).toMatchObject({ shifted: { width: 64, parts: 6 }, projected: { width: 7 * 64 } });
    expect(() => configOf('rwkv7', { ...WKV, 'wkv.head_size': 24 })).toThrow(refused(/heads of 24 of 64/));
    expect(() => configOf('rwkv7', { ...WKV, 'attention.gate_lora_rank': 6 })).toThrow(refused(/rank 6/));
    expect(() => configOf('rwkv7', { ...WKV, 'attention.gate_lora_rank': 0 })).toThrow(/gate_lora_rank is 0/);
  });

  it('nemotron_h has one block a layer: attention, a feed-forward, or else a state; none is rotated', () => {
    const { layers, activation } = configOf('nemotron_h', {
      ...STATES,
      block_count: 4,
      'attention.head_count_kv': Int32Array.of(0, 2, 0, 0),
      feed_forward_length: Int32Array.of(0, 0, 96, 0),
    });
    expect(
      layers.map(({ hasState, cache, ffnSize }) => (hasState === true ? 's' : cache === -1 ? ffnSize : 'a')),
    ).toEqual(['s', 'a', 96, 's']);
    expect(layers.every(({ rope }) => rope === undefined)).toBe(true);
    expect(activation).toBe('relu2');
  });
});
