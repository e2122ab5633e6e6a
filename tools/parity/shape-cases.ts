/**
 * The cases of `npm run parity:shapes`: one layer each, of the widths, head sizes, groupings and weight types that real
 * models have and the reference models are too small for. Data alone.
 */
import { llama3Factors, type ModelShape } from '../fixtures/model-shapes.ts';
import type { SyntheticOptions } from '../fixtures/synthetic-model.ts';

export interface ShapeCase {
  readonly name: string;
  readonly shape: ModelShape;
  readonly weights: SyntheticOptions;
  /** Tokens of the sequence; the last position is checked among others. */
  readonly numTokens: number;
  /** Positions checked, in both token classes; negative ones count from the end. */
  readonly positions: readonly number[];
}

const BASE = { numLayers: 1, contextLength: 8192, rmsNormEps: 1e-5, vocabSize: 1024, tiedHead: true } as const;

/** Beyond one GEMM tile and one cache block, with a part of another. */
const SHORT = { numTokens: 41, positions: [0, 31, 32, -1] } as const;

export const SHAPE_CASES: readonly ShapeCase[] = [
  {
    name: 'd896-ffn4864-hd64-gqa7-vocab151936-q4_0-tied',
    shape: {
      ...BASE,
      hiddenSize: 896,
      numHeads: 14,
      numKvHeads: 2,
      headDim: 64,
      ffnSize: 4864,
      vocabSize: 151936,
      ropeTheta: 1e6,
      rmsNormEps: 1e-6,
      qkvBias: true,
    },
    weights: { type: 'Q4_0' },
    ...SHORT,
  },
  {
    // The head's quants are 130 MiB, more than one binding of 128.
    name: 'd896-ffn4864-hd64-gqa7-vocab151936-q8_0-untied',
    shape: {
      ...BASE,
      hiddenSize: 896,
      numHeads: 14,
      numKvHeads: 2,
      headDim: 64,
      ffnSize: 4864,
      vocabSize: 151936,
      ropeTheta: 1e6,
      tiedHead: false,
    },
    weights: { type: 'F32', types: { embedding: 'Q4_0', head: 'Q8_0' } },
    ...SHORT,
  },
  {
    name: 'd2048-ffn8192-hd64-gqa4-llama3-q4_k_m',
    shape: {
      ...BASE,
      hiddenSize: 2048,
      numHeads: 32,
      numKvHeads: 8,
      headDim: 64,
      ffnSize: 8192,
      ropeTheta: 500000,
      ropeFactors: llama3Factors(64, 500000, 32),
    },
    weights: { type: 'Q4_K', types: { embedding: 'Q6_K', v: 'Q6_K', down: 'Q6_K' } },
    ...SHORT,
  },
  {
    name: 'd2048-ffn5632-hd64-gqa8-q4_0',
    shape: {
      ...BASE,
      hiddenSize: 2048,
      numHeads: 32,
      numKvHeads: 4,
      headDim: 64,
      ffnSize: 5632,
      vocabSize: 32000,
      ropeTheta: 10000,
      tiedHead: false,
    },
    weights: { type: 'Q4_0', types: { head: 'Q6_K' } },
    ...SHORT,
  },
  {
    name: 'd2048-ffn5632-hd128-gqa8-yarn-q6_k',
    shape: {
      ...BASE,
      hiddenSize: 2048,
      numHeads: 16,
      numKvHeads: 2,
      headDim: 128,
      ffnSize: 5632,
      ropeTheta: 1e6,
      ropeScaling: { kind: 'yarn', factor: 4, originalContextLength: 2048 },
    },
    weights: { type: 'Q6_K' },
    ...SHORT,
  },
  {
    name: 'd2048-ffn4864-hd256-gqa8-q8_0',
    shape: { ...BASE, hiddenSize: 2048, numHeads: 8, numKvHeads: 1, headDim: 256, ffnSize: 4864, ropeTheta: 10000 },
    weights: { type: 'Q8_0' },
    ...SHORT,
  },
  {
    name: 'd640-ffn1728-hd80-gqa1-f16',
    shape: { ...BASE, hiddenSize: 640, numHeads: 8, numKvHeads: 8, headDim: 80, ffnSize: 1728, ropeTheta: 10000 },
    weights: { type: 'F16' },
    ...SHORT,
  },
  {
    name: 'd768-ffn2048-hd96-gqa1-linear-f32',
    shape: {
      ...BASE,
      hiddenSize: 768,
      numHeads: 8,
      numKvHeads: 8,
      headDim: 96,
      ffnSize: 2048,
      ropeTheta: 10000,
      ropeScaling: { kind: 'linear', factor: 4 },
    },
    weights: { type: 'F32' },
    ...SHORT,
  },
  {
    // A file may mix types as it likes: here no two matrices are of one.
    name: 'd768-ffn2048-hd96-gqa2-nine-types-untied',
    shape: {
      ...BASE,
      hiddenSize: 768,
      numHeads: 8,
      numKvHeads: 4,
      headDim: 96,
      ffnSize: 2048,
      ropeTheta: 10000,
      tiedHead: false,
    },
    weights: {
      type: 'Q4_1',
      types: {
        embedding: 'MXFP4',
        head: 'IQ4_XS',
        q: 'Q5_K',
        k: 'Q5_0',
        v: 'Q5_1',
        o: 'TQ1_0',
        gate: 'IQ4_NL',
        up: 'Q3_K',
        down: 'Q2_K',
      },
    },
    ...SHORT,
  },
  {
    // Three blocks a row: what follows in one matrix begins in the middle of a word of scales unless it is looked after.
    name: 'd96-ffn352-hd32-gqa3-mxfp4',
    shape: { ...BASE, hiddenSize: 96, numHeads: 3, numKvHeads: 1, headDim: 32, ffnSize: 352, ropeTheta: 10000 },
    weights: { type: 'MXFP4' },
    ...SHORT,
  },
  {
    // Qwen 3 30B-A3B's widths with fewer experts, as Q4_K_M mixes types.
    name: 'd2048-experts16-used8-ffn768-hd128-gqa8-q4_k_m',
    shape: {
      ...BASE,
      hiddenSize: 2048,
      numHeads: 32,
      numKvHeads: 4,
      headDim: 128,
      ffnSize: 768,
      experts: { numExperts: 16, numUsed: 8, ffnSize: 768 },
      ropeTheta: 1e6,
    },
    weights: { type: 'Q4_K', types: { embedding: 'Q6_K', v: 'Q6_K', down: 'Q6_K' } },
    ...SHORT,
  },
  {
    // Qwen 1.5 MoE's: many experts, and a wide one that all rows share, with a gate. Widths are whole blocks of 32 alone.
    name: 'd1024-experts60-used4-ffn352-shared1408-q8_0',
    shape: {
      ...BASE,
      hiddenSize: 1024,
      numHeads: 8,
      numKvHeads: 8,
      headDim: 128,
      ffnSize: 1408,
      experts: { numExperts: 60, numUsed: 4, ffnSize: 352, sharedFfnSize: 1408 },
      ropeTheta: 1e6,
    },
    weights: { type: 'Q8_0' },
    ...SHORT,
  },
  {
    // All of its experts; a vocabulary that is odd.
    name: 'granite-3.1-1b-a400m-d1024-experts32-used8-ffn512-hd64-gqa2-vocab49155-q4_k_m',
    shape: {
      ...BASE,
      hiddenSize: 1024,
      numHeads: 16,
      numKvHeads: 8,
      headDim: 64,
      ffnSize: 512,
      vocabSize: 49155,
      experts: { numExperts: 32, numUsed: 8, ffnSize: 512 },
      ropeTheta: 10000,
    },
    weights: { type: 'Q4_K', types: { embedding: 'Q6_K', v: 'Q6_K', down: 'Q6_K' } },
    ...SHORT,
  },
  {
    name: 'qwen3-0.6b-d1024-ffn3072-hd128-gqa2-vocab151936-q4_k_m',
    shape: {
      ...BASE,
      architecture: 'qwen3',
      hiddenSize: 1024,
      numHeads: 16,
      numKvHeads: 8,
      headDim: 128,
      ffnSize: 3072,
      vocabSize: 151936,
      ropeTheta: 1e6,
      rmsNormEps: 1e-6,
    },
    weights: { type: 'Q4_K', types: { embedding: 'Q6_K', v: 'Q6_K', down: 'Q6_K' } },
    ...SHORT,
  },
  {
    // The last positions see less than all; the head's quants are 288 MiB, three bindings of 128.
    name: 'gemma3-1b-d1152-ffn6912-hd256-gqa4-window512-vocab262144-q4_0',
    shape: {
      ...BASE,
      architecture: 'gemma3',
      hiddenSize: 1152,
      numHeads: 4,
      numKvHeads: 1,
      headDim: 256,
      ffnSize: 6912,
      vocabSize: 262144,
      window: 512,
      ropeTheta: 1e6,
      rmsNormEps: 1e-6,
    },
    weights: { type: 'Q4_0', types: { embedding: 'Q8_0' } },
    numTokens: 541,
    positions: [0, 511, 512, -1],
  },
  {
    // A layer of short convolutions and one of attention.
    name: 'lfm2-1.2b-d2048-conv3-ffn8192-hd64-gqa4-q4_0',
    shape: {
      ...BASE,
      architecture: 'lfm2',
      numLayers: 2,
      convTaps: 3,
      hiddenSize: 2048,
      numHeads: 32,
      numKvHeads: 8,
      headDim: 64,
      ffnSize: 8192,
      ropeTheta: 1e6,
    },
    weights: { type: 'Q4_0', types: { embedding: 'Q6_K' } },
    ...SHORT,
  },
  {
    // A gated delta net and a layer of attention with gates, which rotates a quarter of its heads.
    name: 'qwen35-0.8b-d1024-heads16x128-ffn3584-hd256-gqa4-q4_k_m',
    shape: {
      ...BASE,
      architecture: 'qwen35',
      numLayers: 2,
      convTaps: 4,
      deltaNet: { headSize: 128, numKeyHeads: 16, numValueHeads: 16 },
      hiddenSize: 1024,
      numHeads: 8,
      numKvHeads: 2,
      headDim: 256,
      ropeDim: 64,
      ffnSize: 3584,
      ropeTheta: 1e7,
      rmsNormEps: 1e-6,
    },
    weights: { type: 'Q4_K', types: { embedding: 'Q6_K', v: 'Q6_K', down: 'Q6_K' } },
    ...SHORT,
  },
  {
    name: 'position8000-hd64-gqa2-f32',
    shape: {
      ...BASE,
      hiddenSize: 128,
      numHeads: 2,
      numKvHeads: 1,
      headDim: 64,
      ffnSize: 256,
      vocabSize: 512,
      ropeTheta: 500000,
    },
    weights: { type: 'F32' },
    numTokens: 8006,
    positions: [-6, -5, -2, -1],
  },
];
