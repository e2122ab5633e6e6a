/** Every kernel x variant the runtime can reach, for the shader lint. Knows nothing of models. */
import { attentionFlash, attentionReduce, attentionRows, attentionSplit, splitGroup } from './attention/attention.ts';
import { ALL_BLOCK_TYPES } from './blocks/index.ts';
import { siluMul } from './elementwise/silu-mul.ts';
import { embed } from './embed/embed.ts';
import type { Kernel } from './kernel.ts';
import type { KvLayout } from './lib/kv.ts';
import { linearGemm, linearGemv } from './linear/linear.ts';
import { rmsNorm } from './norm/norm.ts';
import { probeCopy, probeDequantDot, probeDot4, probeFma, probeRead } from './probe/probe.ts';
import { ropeAppend } from './rope/rope.ts';
import { sampleKernels, type SampleShape } from './sample/sample.ts';

const KV_LAYOUTS: readonly KvLayout[] = ['f32', 'f16'];
const HEAD_DIMS = [8, 32, 64, 80, 96, 128, 256, 512];

const SAMPLE_SHAPES: readonly SampleShape[] = [
  { vocabSize: 32000, segmentLength: 32000, numSegments: 1, workgroupSize: 8 },
  { vocabSize: 151936, segmentLength: 151936, numSegments: 1, workgroupSize: 256 },
  { vocabSize: 32000, segmentLength: 16384, numSegments: 2, workgroupSize: 8 },
];

export function allKernels(): readonly Kernel[] {
  const perType = ALL_BLOCK_TYPES.flatMap((type) => [
    embed(type),
    linearGemm(type, 'tiled'),
    linearGemm(type, 'rows'),
    linearGemv(type, 'rows'),
    linearGemv(type, 'lanes'),
    linearGemv(type, 'subgroups', 4),
    linearGemv(type, 'subgroups', 32),
  ]);
  const perCache = KV_LAYOUTS.flatMap((kv) => [
    ropeAppend(kv),
    attentionRows(kv),
    ...HEAD_DIMS.flatMap((headDim) => [
      attentionFlash(kv, headDim),
      attentionSplit(kv, headDim, 1, 128),
      attentionSplit(kv, headDim, splitGroup(8, headDim, 128), 128),
      attentionSplit(kv, headDim, 7, 32),
    ]),
  ]);
  const sampler = SAMPLE_SHAPES.flatMap((shape) => {
    const { groups, adjust, pick, logprobs, countList, countPicked } = sampleKernels(shape);
    return [...groups, ...adjust, pick, logprobs, ...countList, ...countPicked];
  });
  const probes = [
    probeCopy,
    probeRead,
    probeFma,
    probeDot4,
    ...ALL_BLOCK_TYPES.flatMap((type) => probeDequantDot(type) ?? []),
  ];
  return [...perType, ...perCache, ...sampler, ...probes, attentionReduce, rmsNorm, siluMul];
}
