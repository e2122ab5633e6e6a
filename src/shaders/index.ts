/** Every kernel x variant the runtime can reach, for the shader lint. Knows nothing of models. */
import { ALTUP_KERNELS } from './altup/altup.ts';
import {
  attentionFlash,
  attentionReduce,
  attentionReduceSinks,
  attentionRows,
  attentionSplit,
  latentJoin,
  splitGroup,
} from './attention/attention.ts';
import type { BlockType } from './blocks/block-type.ts';
import { ALL_BLOCK_TYPES } from './blocks/index.ts';
import { ACTIVATIONS } from './elementwise/activation.ts';
import { activate, gatedMul, sigmoidMul } from './elementwise/gated-mul.ts';
import { embed } from './embed/embed.ts';
import { expertGemm, expertGemv, expertSum, expertTiles, route } from './experts/experts.ts';
import { hadamard } from './hadamard/hadamard.ts';
import type { Kernel } from './kernel.ts';
import { isBlockLayout, KV_LAYOUTS } from './lib/kv-layout.ts';
import { int8Gemm, int8Gemv, isInt8 } from './linear/int8.ts';
import { gatedGemv, linearGemm, linearGemv, type GemvInput } from './linear/linear.ts';
import { gatePart, scaledSum } from './elementwise/scaled-sum.ts';
import { softcap } from './elementwise/softcap.ts';
import { layerNorm, qkNorm, rmsNorm } from './norm/norm.ts';
import { poolRows } from './pool/pool.ts';
import { probeCopy, probeDequantDot, probeDot4, probeFma, probeRead } from './probe/probe.ts';
import { gatedMulInt8, quantiseRows, rmsNormInt8 } from './quantise/quantise.ts';
import { causalConv } from './recurrent/causal-conv.ts';
import { deltaRule } from './recurrent/delta-rule.ts';
import { normParts } from './recurrent/norm-parts.ts';
import { ssmScan } from './recurrent/ssm-scan.ts';
import { tokenShift } from './recurrent/token-shift.ts';
import { wkv, wkvInputs, wkvOut, wkvRanks } from './recurrent/wkv.ts';
import { ropeAppend } from './rope/rope.ts';
import { sampleKernels, type SampleShape } from './sample/sample.ts';

const GEMV_INPUTS: readonly GemvInput[] = ['plain', 'normed'];
const HEAD_DIMS = [8, 32, 64, 80, 96, 128, 256, 512, 576];

const SAMPLE_SHAPES: readonly SampleShape[] = [
  { vocabSize: 32000, segmentLength: 32000, numSegments: 1, workgroupSize: 8 },
  { vocabSize: 151936, segmentLength: 151936, numSegments: 1, workgroupSize: 256 },
  { vocabSize: 32000, segmentLength: 16384, numSegments: 2, workgroupSize: 8 },
];

function kernelsOf(type: BlockType): readonly Kernel[] {
  return [
    embed(type),
    linearGemm(type, 'tiled'),
    linearGemm(type, 'rows'),
    ...[4, 8].flatMap((subgroupMin) => [
      linearGemm(type, 'columns', subgroupMin),
      linearGemv(type, 'columns', 'plain', { subgroupMin, software: true }),
      gatedGemv(type, 'columns', 'plain', { subgroupMin, software: true }),
    ]),
    expertGemm(type, 'rows'),
    expertGemm(type, 'tiled'),
    ...[undefined, ...ACTIVATIONS].flatMap((activation) => [
      expertGemv(type, 'rows', { software: true }, activation),
      expertGemv(type, 'lanes', { software: true }, activation),
      expertGemv(type, 'subgroups', { subgroupMin: 4, software: false }, activation),
      expertGemv(type, 'subgroups', { subgroupMin: 32, software: false }, activation),
    ]),
    ...GEMV_INPUTS.flatMap((input) => [
      linearGemv(type, 'rows', input, { software: true }),
      linearGemv(type, 'lanes', input, { software: true }),
      linearGemv(type, 'subgroups', input, { subgroupMin: 4, software: false }),
      linearGemv(type, 'subgroups', input, { subgroupMin: 32, software: false }),
      ...ACTIVATIONS.flatMap((activation) => [
        gatedGemv(type, 'rows', input, { software: true }, activation),
        gatedGemv(type, 'lanes', input, { software: true }, activation),
        gatedGemv(type, 'subgroups', input, { subgroupMin: 4, software: false }, activation),
        gatedGemv(type, 'subgroups', input, { subgroupMin: 32, software: false }, activation),
      ]),
    ]),
  ];
}

/** Of recurrent layers. */
const RECURRENT: readonly Kernel[] = [
  causalConv(3, 'gated'),
  causalConv(4, 'silu'),
  causalConv(2, 'silu'),
  ...[32, 64, 128].map(deltaRule),
  ...[16, 32].map((stateSize) => ssmScan(stateSize, 'channels')),
  ...[32, 128, 256].map((stateSize) => ssmScan(stateSize, 'heads')),
  normParts,
  sigmoidMul,
  tokenShift(1),
  tokenShift(6),
  wkvRanks,
  wkvInputs,
  ...[32, 64, 128].map(wkv),
  wkvOut,
];

export function allKernels(): readonly Kernel[] {
  const perType = ALL_BLOCK_TYPES.flatMap(kernelsOf);
  const perInt8Type = ALL_BLOCK_TYPES.filter(isInt8).flatMap((type) => [
    ...(['rows', 'tiled', 'emulated'] as const).map((variant) => int8Gemm(type, variant, {})),
    ...(['rows', 'lanes', 'emulated'] as const).map((variant) => int8Gemv(type, variant, {})),
    ...[4, 32].map((subgroupMin) => int8Gemv(type, 'subgroups', { subgroupMin })),
    int8Gemm(type, 'tiled', { hasPackedDot: false }),
    int8Gemv(type, 'lanes', { hasPackedDot: false }),
    int8Gemv(type, 'subgroups', { subgroupMin: 32, hasPackedDot: false }),
  ]);
  const perCache = KV_LAYOUTS.flatMap((kv) => [
    // Between them every size of what shares a scale: 4, 8, 16, 32.
    ...(isBlockLayout(kv) ? [20, 8, 80, 64] : [64]).map((headDim) => ropeAppend(kv, headDim)),
    attentionRows(kv),
    attentionRows(kv, { sinks: true }),
    attentionFlash(kv, 64, { sinks: true }),
    ...HEAD_DIMS.flatMap((headDim) => [
      attentionFlash(kv, headDim),
      attentionSplit(kv, headDim, 1, 128),
      attentionSplit(kv, headDim, splitGroup(8, headDim, 128), 128),
      attentionSplit(kv, headDim, splitGroup(7, headDim, 32), 32),
    ]),
  ]);
  const sampler = SAMPLE_SHAPES.flatMap((shape) => {
    const { groups, adjust, pick, logprobs, countList, countPicked } = sampleKernels(shape);
    return [...groups, ...adjust, pick, logprobs, ...countList, ...countPicked];
  });
  const transforms = [4, 8, 16, 32].map((blockElements) => hadamard(blockElements));
  const probes = [
    probeCopy,
    probeRead,
    probeFma,
    probeDot4,
    ...ALL_BLOCK_TYPES.flatMap((type) => probeDequantDot(type) ?? []),
  ];
  return [
    ...perType,
    ...perInt8Type,
    ...perCache,
    ...transforms,
    ...sampler,
    ...RECURRENT,
    ...probes,
    attentionReduce,
    attentionReduceSinks,
    latentJoin,
    route,
    expertTiles,
    expertSum,
    rmsNorm,
    rmsNormInt8,
    quantiseRows,
    qkNorm,
    layerNorm,
    softcap,
    poolRows,
    ...ALTUP_KERNELS,
    attentionRows('f32', { keys: 'around' }),
    ...HEAD_DIMS.map((headDim) => attentionFlash('f32', headDim, { keys: 'around' })),
    scaledSum,
    ...ACTIVATIONS.map(gatePart),
    ...ACTIVATIONS.map(gatedMul),
    ...ACTIVATIONS.map(gatedMulInt8),
    ...ACTIVATIONS.map(activate),
  ];
}
