/**
 * What the oracle does on models made on the spot: one token computed here once more by the textbook, causality, and
 * that the comparison of `parity:shapes` notices a mistake as small as one cache block of thousands of keys.
 */
import { describe, expect, it } from 'vitest';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { MODEL_SHAPES } from '../fixtures/model-shapes.ts';
import { hash } from '../fixtures/random-blocks.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { LIMITS } from '../parity/golden.ts';
import { SHAPE_CASES } from '../parity/shape-cases.ts';
import { LlamaOracle } from './llama.ts';

const SHAPE = { ...MODEL_SHAPES.stories260k, numLayers: 1, vocabSize: 300, tiedHead: false };

async function tensorsOf(source: ReturnType<typeof syntheticModel>): Promise<(name: string) => Float32Array> {
  const file = await readGgufHeader(source);
  const all = new Map<string, Float32Array>();
  for (const { name, offsetBytes, sizeBytes } of file.tensors) {
    all.set(name, new Float32Array((await source.read(offsetBytes, sizeBytes)).buffer));
  }
  return (name) => all.get(name) ?? new Float32Array(0);
}

describe('the oracle', () => {
  it('of one token is norm, value, output, norm, SwiGLU, head', async () => {
    const source = syntheticModel(SHAPE, { type: 'F32' });
    const tensor = await tensorsOf(source);
    const width = SHAPE.hiddenSize;
    const times = (name: string, x: readonly number[]) => {
      const w = tensor(name);
      return Array.from({ length: w.length / x.length }, (_, row) =>
        x.reduce((sum, v, i) => sum + v * (w[row * x.length + i] ?? NaN), 0),
      );
    };
    const norm = (name: string, x: readonly number[]) => {
      const rms = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + Math.fround(SHAPE.rmsNormEps));
      return x.map((v, i) => (v / rms) * (tensor(name)[i] ?? NaN));
    };
    const token = 33;
    const start = [...tensor('token_embd.weight').subarray(token * width, (token + 1) * width)];
    // One key: its weight is 1, and every group of heads gets its value.
    const value = times('blk.0.attn_v.weight', norm('blk.0.attn_norm.weight', start));
    const { headDim, numHeads, numKvHeads } = SHAPE;
    const attended = Array.from({ length: numHeads }, (_, head) => Math.floor((head * numKvHeads) / numHeads)).flatMap(
      (kvHead) => value.slice(kvHead * headDim, (kvHead + 1) * headDim),
    );
    const mixed = times('blk.0.attn_output.weight', attended).map((v, i) => v + (start[i] ?? NaN));
    const input = norm('blk.0.ffn_norm.weight', mixed);
    const up = times('blk.0.ffn_up.weight', input);
    const gated = times('blk.0.ffn_gate.weight', input).map((g, i) => (g / (1 + Math.exp(-g))) * (up[i] ?? NaN));
    const end = times('blk.0.ffn_down.weight', gated).map((v, i) => v + (mixed[i] ?? NaN));
    const logits = times('output.weight', norm('output_norm.weight', end));
    const total = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));

    const actual = (await (await LlamaOracle.open(source)).logProbs([token], [0])).get(0);
    expect(actual).toHaveLength(300);
    expect(
      largestDifference(
        actual,
        Float64Array.from(logits, (v) => v - total),
      ),
    ).toBeLessThan(1e-10);
  });

  it('looks back and never ahead', async () => {
    const oracle = await LlamaOracle.open(syntheticModel({ ...SHAPE, numLayers: 2 }, { type: 'Q8_0' }));
    const one = await oracle.logProbs([5, 6, 7, 8], [1, 3]);
    const other = await oracle.logProbs([5, 6, 9, 8], [1, 3]);
    expect(largestDifference(one.get(1), other.get(1))).toBe(0);
    expect(largestDifference(one.get(3), other.get(3))).toBeGreaterThan(0.01);
  });

  it('moves by more than the limit when one block of 8000 keys is wrong', async () => {
    const long = SHAPE_CASES.find(({ name }) => name.startsWith('position8000'));
    if (long === undefined) throw new Error('no long case');
    const oracle = await LlamaOracle.open(syntheticModel(long.shape, long.weights));
    const ids = Array.from({ length: 8006 }, (_, i) => hash(i, 77) % long.shape.vocabSize);
    const wrong = ids.map((id, i) => (i >= 3200 && i < 3232 ? (id + 1) % long.shape.vocabSize : id));
    const exact = await oracle.logProbs(ids, [8005]);
    const moved = await oracle.logProbs(wrong, [8005]);
    expect(largestDifference(exact.get(8005), moved.get(8005))).toBeGreaterThan(LIMITS.f32.max);
  });
});

function largestDifference(a: Float64Array | undefined, b: Float64Array | undefined): number {
  if (a === undefined || b?.length !== a.length) return NaN;
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - (b[i] ?? NaN))), 0);
}
