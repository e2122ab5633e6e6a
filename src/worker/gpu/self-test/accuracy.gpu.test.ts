/**
 * No device that computes as WGSL allows is refused: kernels whose functions and quotients are moved by as much as they may be off, all
 * upwards, all downwards and against each other, pass their checks. Moved by far more they do not.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDawn } from '../../../../tools/node/dawn.ts';
import { leastAccurate, type Direction } from '../../../../tools/node/least-accurate.ts';
import { openTestAdapters } from '../../../../tools/node/test-devices.ts';
import { ALTUP_KERNELS } from '../../../shaders/altup/altup.ts';
import {
  attentionFlash,
  attentionReduceSinks,
  attentionRows,
  attentionSplit,
} from '../../../shaders/attention/attention.ts';
import { Q4_0 } from '../../../shaders/blocks/q4_0.ts';
import { activate, gatedMul, sigmoidMul } from '../../../shaders/elementwise/gated-mul.ts';
import { softcap } from '../../../shaders/elementwise/softcap.ts';
import { route } from '../../../shaders/experts/experts.ts';
import type { Kernel } from '../../../shaders/kernel.ts';
import { gatedGemv, linearGemv } from '../../../shaders/linear/linear.ts';
import { layerNorm, qkNorm, rmsNorm } from '../../../shaders/norm/norm.ts';
import { poolRows } from '../../../shaders/pool/pool.ts';
import { gatedMulInt8, quantiseRows, rmsNormInt8 } from '../../../shaders/quantise/quantise.ts';
import { causalConv } from '../../../shaders/recurrent/causal-conv.ts';
import { deltaRule } from '../../../shaders/recurrent/delta-rule.ts';
import { normParts } from '../../../shaders/recurrent/norm-parts.ts';
import { ssmScan } from '../../../shaders/recurrent/ssm-scan.ts';
import { ropeAppend } from '../../../shaders/rope/rope.ts';
import { sampleKernels } from '../../../shaders/sample/sample.ts';
import { planted } from '../../../shaders/testing/values.ts';
import { checkOf, type CheckedSubject } from '../../../shaders/vectors/check-of.ts';
import { singleSubject } from '../../../shaders/vectors/single-check.ts';
import type { Gpu } from '../gpu.ts';
import { openAdapter } from '../open.ts';
import { runCheck } from './run-check.ts';

const CPU = { software: true };
const sampler = sampleKernels({ vocabSize: 517, segmentLength: 576, numSegments: 1, workgroupSize: 8 });
const SINGLES: readonly Kernel[] = [
  rmsNorm,
  layerNorm,
  qkNorm,
  rmsNormInt8,
  quantiseRows,
  gatedMul('gelu'),
  gatedMul('swiglu_oai'),
  gatedMulInt8('silu'),
  activate('silu'),
  softcap,
  sigmoidMul,
  attentionReduceSinks,
  ropeAppend('q8_0', 64),
  ropeAppend('q4_0', 64),
  poolRows,
  route,
  causalConv(4, 'silu'),
  ssmScan(32, 'heads'),
  ssmScan(16, 'channels'),
  deltaRule(32),
  normParts,
  // Two of them add products, and have nothing that could be moved.
  ...ALTUP_KERNELS.filter(({ name }) => !/predict|correct/.test(name)),
  ...sampler.groups,
  sampler.pick,
  ...sampler.adjust,
  sampler.logprobs,
];
const shape = { layout: 'f16', headDim: 64, headsPerKv: 3, chunk: 128 } as const;
const OF_FAMILIES: readonly CheckedSubject[] = [
  {
    op: 'attention',
    kernel: attentionRows('f16'),
    variant: 'rows',
    layout: 'f16',
    headDim: 64,
    keys: 'before',
  },
  {
    op: 'attention',
    kernel: attentionFlash('f16', 64, { sinks: true }),
    variant: 'flash',
    layout: 'f16',
    headDim: 64,
    keys: 'before',
    sinks: true,
  },
  { op: 'decodeAttention', kernel: attentionSplit('f16', 64, 1, 128), variant: 'single', group: 1, shape },
  { op: 'gemv', kernel: linearGemv(Q4_0, 'lanes', 'normed', CPU), type: Q4_0, variant: 'lanes', input: 'normed' },
  ...(['silu', 'gelu'] as const).map((activation) => ({
    op: 'gated' as const,
    kernel: gatedGemv(Q4_0, 'lanes', 'normed', CPU, activation),
    type: Q4_0,
    variant: 'lanes' as const,
    input: 'normed' as const,
    activation,
  })),
];
const SUBJECTS = [...SINGLES.flatMap((kernel) => singleSubject(kernel) ?? []), ...OF_FAMILIES];

const DIRECTIONS: readonly Direction[] = [
  { functions: 1, quotients: 1 },
  { functions: -1, quotients: -1 },
  { functions: 1, quotients: -1 },
];

// What the kernels compute is the same everywhere: one adapter is enough.
const adapters = openTestAdapters();
for (const { name, title } of [adapters.find((each) => !each.title.includes('skipped')) ?? adapters[0]].flatMap(
  (each) => each ?? [],
)) {
  describe.skipIf(title.includes('skipped'))(title, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      const { adapter } = await openDawn({ adapter: name });
      gpu = await openAdapter(adapter, { defaultLimits: true });
    });
    afterAll(() => {
      gpu.destroy();
    });

    const isValid = async (code: string): Promise<boolean> => {
      gpu.device.pushErrorScope('validation');
      gpu.device.createShaderModule({ code });
      return (await gpu.device.popErrorScope()) === null;
    };
    const verdict = async (subject: CheckedSubject, kernel: Kernel) => {
      const check = { ...checkOf(subject), kernel };
      return check.verify(await runCheck(gpu.apart(), check, await gpu.pipeline(kernel)));
    };

    it('has every kernel of the list checked', () => {
      expect(SUBJECTS.length).toBe(SINGLES.length + OF_FAMILIES.length);
    });

    it.for(SUBJECTS.map((subject) => ({ subject, title: subject.kernel.name })))(
      '$title may be as inaccurate as WGSL allows',
      { timeout: 120_000 },
      async ({ subject }) => {
        const codes = new Set<string>();
        for (const direction of DIRECTIONS) {
          const kernel = await leastAccurate(subject.kernel, direction, isValid);
          codes.add(kernel.code);
          expect(await verdict(subject, kernel), kernel.name).toBeUndefined();
        }
        // Something in it was moved, or it was not worth the look.
        expect(codes.size).toBeGreaterThan(1);
      },
    );

    it.for<readonly [Kernel, string, string]>([
      [rmsNorm, 'sqrt(', '1.0001 * sqrt('],
      [softcap, 'exp(', '1.0001 * exp('],
      [deltaRule(32), 'exp(a', '1.0001 * exp(a'],
      [sampler.logprobs, 'log(', '1.0001 * log('],
    ])('but not by a ten-thousandth', { timeout: 120_000 }, async ([kernel, right, wrong]) => {
      const subject = singleSubject(kernel);
      if (subject === undefined) throw new Error(`no check of ${kernel.name}`);
      const moved = { ...planted(kernel, right, wrong), name: `${kernel.name} with ${wrong}` };
      expect(await verdict(subject, moved)).toMatchObject({ kind: 'wrong' });
    });
  });
}
