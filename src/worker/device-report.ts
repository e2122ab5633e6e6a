/** The device and the counters as the contract reports them. */
import type { DeviceReport, EngineStats, SelfTestReport } from './api.ts';
import type { Counters } from './gpu/counters.ts';
import type { Gpu } from './gpu/gpu.ts';
import type { ModelRunner } from './model/runner.ts';
import type { ModelSession } from './serving/model-session.ts';
import { NOTHING } from './serving/step-counters.ts';

export function deviceReport(gpu: Gpu, variants: Readonly<Record<string, string>>): DeviceReport {
  const { vendor, architecture, description, software, subgroupSize } = gpu.adapter;
  return {
    vendor,
    architecture,
    description,
    software,
    features: [...gpu.device.features].sort(),
    limits: {
      maxStorageBufferBindingBytes: gpu.limits.maxBindingBytes,
      maxBufferBytes: gpu.limits.maxBufferBytes,
      maxWorkgroupStorageBytes: gpu.device.limits.maxComputeWorkgroupStorageSize,
    },
    subgroupSize,
    variants,
  };
}

/** The precision of products, and by family the variant; without those of int8 where products are exact. */
export function variantsInUse({
  plan,
  variants,
}: Pick<ModelRunner, 'plan' | 'variants'>): Readonly<Record<string, string>> {
  const { gemmInt8, gemvInt8, ...others } = variants;
  const { precision } = plan.sizes;
  return precision === 'int8' ? { precision, gemmInt8, gemvInt8, ...others } : { precision, ...others };
}

/** What is counted for each loaded model. */
type SessionCounters = Pick<
  EngineStats,
  'numCachedTokens' | 'numSequenceSteps' | 'numDraftTokens' | 'numAcceptedDraftTokens' | 'numDiscardedTokens'
>;

/** `last`: the model loaded last, where it generates. */
export function statsOf(
  counters: Counters,
  sessions: readonly SessionCounters[],
  networkBytes: number,
  last: ModelSession | undefined,
  selfTest: SelfTestReport,
): EngineStats {
  const sum = (name: keyof SessionCounters) => sessions.reduce((total, session) => total + session[name], 0);
  return {
    numSteps: counters.numSteps,
    numDispatches: counters.numDispatches,
    numSubmits: counters.numSubmits,
    numPromptRows: counters.numPromptRows,
    numGeneratedRows: counters.numGeneratedRows,
    numWaits: counters.numWaits,
    numCachedTokens: sum('numCachedTokens'),
    numSequenceSteps: sum('numSequenceSteps'),
    numDraftTokens: sum('numDraftTokens'),
    numAcceptedDraftTokens: sum('numAcceptedDraftTokens'),
    numDiscardedTokens: sum('numDiscardedTokens'),
    weightBytesRead: counters.weightBytesRead,
    kvBytesRead: Math.round(counters.kvBytesRead),
    numBuffersCreated: counters.numBuffersCreated,
    numBindGroupsCreated: counters.numBindGroupsCreated,
    bufferBytes: counters.bufferBytes,
    peakBufferBytes: counters.peakBufferBytes,
    networkBytes,
    kvCache: last?.scheduled.kvCache ?? { heldTokens: 0, totalTokens: 0 },
    lastDecodeStep: last?.steps.lastDecodeStep ?? NOTHING,
    precision: last?.runner.plan.sizes.precision,
    selfTest,
  };
}
