/** What the metadata of each family mean, and what is refused by name. That it is computed right, parity says. */
import { describe, expect, it } from 'vitest';
import type { GgufValue } from '../../loading/gguf-metadata.ts';
import { FAMILIES } from './index.ts';
import { configOf, refused, STATES, WKV } from './testing/config-of.ts';

const EXPERTS = { expert_count: 8, expert_used_count: 2 };
const DEEPSEEK = {
  ...EXPERTS,
  'rope.dimension_count': 16,
  'attention.key_length': 48,
  'attention.value_length': 32,
  'attention.key_length_mla': 48,
  'attention.value_length_mla': 24,
  'attention.kv_lora_rank': 32,
  expert_feed_forward_length: 40,
  expert_shared_count: 2,
};
/** Full layers 2 and 5; the last three use the keys and values of layers 4 and 2. */
const GEMMA4 = {
  'attention.sliding_window': 16,
  'attention.sliding_window_pattern': [true, true, false, true, true, false, true, true],
  'attention.shared_kv_layers': 3,
  'attention.key_length': 32,
  'attention.value_length': 32,
  'attention.key_length_swa': 16,
  'rope.freq_base': 1e6,
  'rope.dimension_count_swa': 16,
  embedding_length_per_layer_input: 8,
  feed_forward_length: Int32Array.of(96, 96, 96, 96, 96, 192, 192, 192),
};

const GEMMA3N = {
  'attention.sliding_window': 16,
  'attention.sliding_window_pattern': [true, true, true, false, true, true, true, false],
  'attention.shared_kv_layers': 2,
  embedding_length_per_layer_input: 8,
  activation_sparsity_scale: Float32Array.of(1.5, 1.5, 0, 0, 0, 0, 0, 0),
};

const ENCODER = { pooling_type: 2, 'attention.sliding_window': 24, 'attention.causal': false };

describe('families', () => {
  it('are named once each', () => {
    expect(new Set(FAMILIES.map(({ architecture }) => architecture)).size).toBe(FAMILIES.length);
  });

  it('turn halves of a head or neighbours, as their models were trained', () => {
    const needed: Readonly<Record<string, Readonly<Record<string, GgufValue>>>> = {
      gemma3: { 'attention.sliding_window': 16 },
      cohere2: { 'attention.sliding_window': 16, logit_scale: 0.25 },
      gemma4: GEMMA4,
      gemma3n: GEMMA3N,
      'gemma-embedding': ENCODER,
      'modern-bert': ENCODER,
      'nomic-bert': ENCODER,
      bert: ENCODER,
      minicpm: { embedding_scale: 12, residual_scale: 1, logit_scale: 1 },
      qwen2moe: EXPERTS,
      qwen3moe: EXPERTS,
      olmoe: EXPERTS,
      granitemoe: EXPERTS,
      'gpt-oss': { ...EXPERTS, 'attention.sliding_window': 16 },
      deepseek2: DEEPSEEK,
      lfm2: { 'shortconv.l_cache': 3 },
      lfm2moe: { 'shortconv.l_cache': 3, ...EXPERTS },
      qwen35: { ...STATES, 'ssm.group_count': 2 },
      qwen35moe: { ...STATES, 'ssm.group_count': 2, ...EXPERTS },
      qwen3next: { ...STATES, 'ssm.group_count': 2, ...EXPERTS },
      nemotron_h: STATES,
      jamba: STATES,
      granitehybrid: STATES,
      'falcon-h1': STATES,
      mamba2: STATES,
      mamba: STATES,
      rwkv7: WKV,
    };
    const halves = FAMILIES.map(({ architecture }) => architecture).filter(
      (architecture) => configOf(architecture, needed[architecture]).rotateHalves,
    );
    expect(halves).toEqual([
      'qwen2',
      'qwen3',
      'qwen2moe',
      'qwen3moe',
      'gemma',
      'gemma2',
      'gemma3',
      'gemma3n',
      'gemma4',
      'phi3',
      'gpt-oss',
      'olmo2',
      'olmoe',
      'exaone4',
      'stablelm',
      'starcoder2',
      'falcon',
      'phi2',
      'lfm2',
      'lfm2moe',
      'qwen35',
      'qwen35moe',
      'qwen3next',
      'falcon-h1',
      'gemma-embedding',
      'modern-bert',
      'nomic-bert',
      'bert',
    ]);
  });

  it('smollm3 leaves every fourth layer unrotated', () => {
    const { layers } = configOf('smollm3');
    expect(layers.map(({ rope }) => rope)).toEqual([0, 0, 0, undefined, 0, 0, 0, undefined]);
  });

  it('granite moves the multiplier of blocks to the embedding and into the epsilon of norms', () => {
    const config = configOf('granite', {
      embedding_scale: 12,
      residual_scale: 0.5,
      logit_scale: 8,
      'attention.scale': 0.1,
    });
    expect(config).toMatchObject({ embeddingScale: 24, normEps: 2, logitScale: 1 / 8, attentionScale: 0.1 });
    const unrotated = configOf('granite', { 'rope.scaling.finetuned': false });
    expect(unrotated.layers.every(({ rope }) => rope === undefined)).toBe(true);
  });

  it('minicpm without the keys of its multipliers is refused', () => {
    expect(() => configOf('minicpm')).toThrow(refused(/multipliers/));
  });

  it('gemma2 has windows in every other layer, caps, and a scale of its own in the largest model', () => {
    const config = configOf('gemma2', { 'attention.sliding_window': 7, final_logit_softcapping: 8 });
    expect(config.layers.map(({ window }) => window)).toEqual([7, undefined, 7, undefined, 7, undefined, 7, undefined]);
    expect(config).toMatchObject({ attentionSoftcap: 50, logitSoftcap: 8, embeddingScale: 8, activation: 'gelu' });
    const largest = configOf('gemma2', { block_count: 46, 'attention.key_length': 32, 'attention.value_length': 32 });
    expect(largest.attentionScale).toBe(1 / Math.sqrt(64 / 4));
  });

  it('gemma3 rotates its windowed layers, five of six, by another base without scaling', () => {
    const config = configOf('gemma3', {
      'attention.sliding_window': 16,
      'rope.freq_base': 1e6,
      'rope.scaling.type': 'linear',
      'rope.scaling.factor': 8,
    });
    const [windowed, full] = [
      { window: 16, rope: 1 },
      { window: undefined, rope: 0 },
    ];
    expect(config.layers).toMatchObject([windowed, windowed, windowed, windowed, windowed, full, windowed, windowed]);
    expect(config.ropes).toMatchObject([
      { theta: 1e6, scaling: { kind: 'linear', factor: 8 } },
      { theta: 10000, scaling: { kind: 'none' } },
    ]);
  });

  it('gemma4 has heads, feed-forwards and caches by layers', () => {
    const { layers, ropes, attentionScale, buffers } = configOf('gemma4', GEMMA4);
    expect(layers.map(({ headDim }) => headDim)).toEqual([16, 16, 32, 16, 16, 32, 16, 16]);
    expect(layers.map(({ window }) => window)).toEqual([16, 16, undefined, 16, 16, undefined, 16, 16]);
    expect(layers.map(({ cache }) => cache)).toEqual([0, 1, 2, 3, 4, 2, 4, 4]);
    expect(layers.map(({ ffnSize }) => ffnSize)).toEqual([96, 96, 96, 96, 96, 192, 192, 192]);
    expect(ropes).toMatchObject([
      { theta: 1e6, dim: 32 },
      { theta: 10000, dim: 16 },
    ]);
    expect(attentionScale).toBe(1);
    expect(buffers['perLayer']).toEqual({ width: 64 });
    expect(() => configOf('gemma4', { ...GEMMA4, 'attention.shared_kv_layers': 6 })).toThrow(refused(/finds no keys/));
  });

  it('gemma4 with experts has them beside the dense feed-forward, in layers whose heads differ in number too', () => {
    const own = {
      ...GEMMA4,
      ...EXPERTS,
      'attention.shared_kv_layers': 0,
      'attention.head_count_kv': Int32Array.of(2, 2, 1, 2, 2, 1, 2, 2),
      embedding_length_per_layer_input: 0,
      expert_feed_forward_length: 32,
    };
    const { layers, experts, buffers } = configOf('gemma4', own);
    expect(layers.map(({ numKvHeads }) => numKvHeads)).toEqual([2, 2, 1, 2, 2, 1, 2, 2]);
    expect(layers[0]?.ffnSize).toBe(96);
    expect(experts).toMatchObject({ numExperts: 8, numUsed: 2, ffnSize: 32, gating: 'softmax', normalised: true });
    expect(buffers).toEqual({ routed: { width: 64 }, mixed: { width: 64 } });
  });

  it('gemma3n has four streams, gates of which the first layers keep the largest, and shared caches', () => {
    const { layers, gateSparsity, buffers, attentionScale } = configOf('gemma3n', GEMMA3N);
    expect(layers.map(({ cache }) => cache)).toEqual([0, 1, 2, 3, 4, 5, 5, 3]);
    expect(gateSparsity).toEqual([1.5, 1.5, 0, 0, 0, 0, 0, 0]);
    expect(buffers).toMatchObject({ streams: { width: 64, parts: 4 }, perLayer: { width: 64 } });
    expect(attentionScale).toBe(1);
    expect(() => configOf('gemma3n', { ...GEMMA3N, 'altup.num_inputs': 2 })).toThrow(refused(/2 AltUp streams/));
  });

  it('encoders see half a window on either side, and every layer uses one cache', () => {
    const { layers, encoder } = configOf('modern-bert', ENCODER);
    const windows = [undefined, 12, 12, undefined, 12, 12, undefined, 12];
    expect(layers.map(({ window }) => window)).toEqual(windows);
    expect(layers.map(({ rope }) => rope)).toEqual(windows.map((window) => (window === undefined ? 0 : 1)));
    expect(layers.every(({ cache }) => cache === 0)).toBe(true);
    expect(encoder).toEqual({ pooling: 'first' });
    expect(configOf('gemma-embedding', ENCODER).layers.map(({ window }) => window)).toEqual([
      12,
      12,
      12,
      12,
      12,
      undefined,
      12,
      12,
    ]);
    expect(configOf('bert', ENCODER).layers.every(({ rope }) => rope === undefined)).toBe(true);
  });

  it('encoders without a vector for a text are refused', () => {
    expect(() => configOf('bert', { ...ENCODER, pooling_type: 4 })).toThrow(refused(/pooling type 4/));
    expect(() => configOf('bert', { ...ENCODER, pooling_type: 0 })).toThrow(refused(/pooling type 0/));
    expect(() => configOf('bert', { ...ENCODER, 'attention.causal': true })).toThrow(refused(/causal/));
  });

  it('cohere2 rotates its windowed layers, three of four, alone', () => {
    const { layers, logitScale } = configOf('cohere2', { 'attention.sliding_window': 16, logit_scale: 0.25 });
    const [windowed, full] = [
      { window: 16, rope: 0 },
      { window: undefined, rope: undefined },
    ];
    expect(layers).toMatchObject([windowed, windowed, windowed, full, windowed, windowed, windowed, full]);
    expect(logitScale).toBe(0.25);
  });

  it('mistral3 lets queries grow where the file says so', () => {
    expect(configOf('mistral3').queryGrowth).toBeUndefined();
    const own = { 'attention.temperature_scale': 0.25, 'rope.scaling.original_context_length': 64 };
    expect(configOf('mistral3', own).queryGrowth).toEqual({ scale: 0.25, originalContextLength: 64 });
  });

  it('refuses relatives that have windows which no key, or a key of another meaning, describes', () => {
    expect(() => configOf('olmo2', { 'attention.sliding_window': 4096 })).toThrow(refused(/OLMo 3/));
    expect(() => configOf('exaone4', { block_count: 64 })).toThrow(refused(/32B/));
    expect(() => configOf('qwen3', { expert_count: 8 })).toThrow(refused(/8 experts/));
    expect(() => configOf('phi3', { 'rope.scaling.type': 'su' })).toThrow(refused(/scaling "su"/));
  });

  it('of experts say how wide they are, how many a token takes and how they are weighed', () => {
    expect(configOf('llama', EXPERTS).experts).toEqual({
      numExperts: 8,
      numUsed: 2,
      ffnSize: 96,
      sharedFfnSize: 0,
      gating: 'softmax',
      normalised: true,
      scale: 1,
      groups: undefined,
      numDenseLayers: 0,
    });
    expect(configOf('llama').experts).toBeUndefined();
    expect(configOf('qwen3moe', { ...EXPERTS, expert_feed_forward_length: 32 })).toMatchObject({
      ffnSize: 0,
      experts: { ffnSize: 32, normalised: true },
    });
    // What no key says: as wide as a dense feed-forward together, and the shared one alone.
    expect(configOf('qwen2moe', EXPERTS).experts).toMatchObject({ ffnSize: 48, sharedFfnSize: 96, normalised: false });
    expect(configOf('olmoe', EXPERTS).experts).toMatchObject({ ffnSize: 96, normalised: false });
    expect(configOf('granitemoe', { ...EXPERTS, expert_shared_feed_forward_length: 64 }).experts).toMatchObject({
      ffnSize: 96,
      sharedFfnSize: 64,
      normalised: true,
    });
    const gptOss = configOf('gpt-oss', { ...EXPERTS, 'attention.sliding_window': 16 });
    expect(gptOss).toMatchObject({ activation: 'swiglu_oai', experts: { normalised: true } });
    expect(gptOss.layers.slice(0, 3).map(({ window }) => window)).toEqual([16, undefined, 16]);
  });

  it('deepseek2 attends to latents, with heads of them and what is rotated, and scores that YaRN makes grow', () => {
    const config = configOf('deepseek2', DEEPSEEK);
    expect(config).toMatchObject({
      latent: { queryRank: 0, rank: 32, plainDim: 32, ropeDim: 16, valueDim: 24 },
      attentionScale: 1 / Math.sqrt(48),
      experts: { ffnSize: 40, sharedFfnSize: 80, normalised: false },
    });
    expect(config.layers[1]).toMatchObject({ headDim: 48, numKvHeads: 1, cache: 1 });
    const yarn = { 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 40, 'rope.scaling.yarn_log_multiplier': 0.1 };
    const stretched = configOf('deepseek2', { ...DEEPSEEK, ...yarn });
    expect(stretched.attentionScale).toBeCloseTo((1 + 0.1 * Math.log(40)) ** 2 / Math.sqrt(48), 12);
    expect(stretched.ropes[0].scaling).toMatchObject({ kind: 'yarn', logMultiplier: 1 });
    expect(() => configOf('deepseek2', { ...EXPERTS })).toThrow(refused(/before April 2025/));
    const odd = { ...DEEPSEEK, 'attention.value_length_mla': 26 };
    expect(() => configOf('deepseek2', odd)).toThrow(refused(/lengths/));
  });

  it('refuse numbers of experts that kernels have no room for, and gates that they do not know', () => {
    expect(() => configOf('llama', { expert_count: 513, expert_used_count: 2 })).toThrow(refused(/513 experts/));
    expect(() => configOf('llama', { expert_count: 4, expert_used_count: 5 })).toThrow(refused(/5 of 4 experts/));
    expect(() => configOf('llama', { ...EXPERTS, expert_gating_func: 4 })).toThrow(refused(/gating function 4/));
    const groups = { ...EXPERTS, expert_group_count: 3, expert_group_used_count: 1 };
    expect(() => configOf('llama', groups)).toThrow(refused(/1 of 3 groups of its 8 experts/));
  });
});
