/**
 * What a device can do at most, measured: the limits that the speed of a model is compared with. A second or two of work on
 * a GPU, which nothing else should use meanwhile. Knows nothing of models.
 */
import { BLOCK_TYPES, blockTypeOf } from '../../../shaders/blocks/index.ts';
import type { DeviceRates } from '../../api.ts';
import { LinnetError } from '../../errors.ts';
import type { Gpu } from '../gpu.ts';
import { Probes, type Probe } from './probes.ts';
import { measurePace, type Stopwatch } from './stopwatch.ts';

const MIB = 2 ** 20;
/** More than the caches of common devices hold. */
const MEMORY_BYTES = { software: 32 * MIB, hardware: 128 * MIB };

/** A CPU is shared with all that runs on the machine: many short runs, of which one may be undisturbed. */
const ON_CPU = { targetMs: 15, numRepeats: 9, budgetMs: 500 };
const ON_GPU = { targetMs: 25, numRepeats: 4, budgetMs: 500 };

export type RatesOptions = Partial<Omit<Stopwatch, 'nowMs'>> & {
  readonly nowMs: () => number;
  /** Names of block types; all that there are unless said. */
  readonly types?: readonly string[] | undefined;
  readonly memoryBytes?: number;
};

/** @throws the signal's reason when it aborts */
export async function measureRates(gpu: Gpu, options: RatesOptions): Promise<DeviceRates> {
  const { software } = gpu.adapter;
  const watch: Stopwatch = { ...(software ? ON_CPU : ON_GPU), ...options };
  const memoryBytes = Math.min(
    gpu.limits.maxBindingBytes,
    options.memoryBytes ?? (software ? MEMORY_BYTES.software : MEMORY_BYTES.hardware),
  );
  const startMs = watch.nowMs();
  const rate = (make: (probes: Probes) => Promise<Probe | undefined> | Probe) => rateOf(gpu, watch, make);
  const fma = await rate((probes) => probes.fma());
  const int8 = await rate((probes) => probes.dot4().catch(ignoreMissing));
  // Where the device reads a type by other means than this one, this one's rate would be no limit.
  const types = BLOCK_TYPES.filter((type) => blockTypeOf(type.ggmlType, gpu.traits.hasF16) === type).filter(
    ({ name }) => options.types?.includes(name) ?? true,
  );
  const dequantDot: [string, number][] = [];
  for (const type of types) {
    const weights = await rate((probes) => probes.dequantDot(type));
    // On CPUs kernels may go either way, so the faster one is the limit.
    const byUnits = software ? await rate((probes) => probes.unitDot(type)) : undefined;
    if (weights !== undefined) dequantDot.push([type.name, Math.max(weights, byUnits ?? 0)]);
  }
  return {
    bytesPerSecond: {
      copyCommand: (await rate((probes) => probes.copyCommand(memoryBytes))) ?? 0,
      copyKernel: (await rate((probes) => probes.copyKernel(memoryBytes))) ?? 0,
      readKernel: (await rate((probes) => probes.readKernel(memoryBytes))) ?? 0,
    },
    flopsPerSecond: fma ?? 0,
    int8OpsPerSecond: int8,
    dequantDotPerSecond: Object.fromEntries(dequantDot),
    measuringMs: watch.nowMs() - startMs,
  };
}

/** Units per second; the probe's buffers live no longer than this call. */
async function rateOf(
  gpu: Gpu,
  watch: Stopwatch,
  make: (probes: Probes) => Promise<Probe | undefined> | Probe,
): Promise<number | undefined> {
  const owner = gpu.owner();
  try {
    // Beside a loaded model there may be no room: then there is no rate, and the device goes on.
    gpu.device.pushErrorScope('out-of-memory');
    const making = Promise.resolve(make(new Probes(owner)));
    const problem = await gpu.device.popErrorScope();
    const probe = await making;
    if (probe === undefined || problem !== null) return undefined;
    return (await measurePace(probe, watch)).perSecond * probe.unitsPerIteration;
  } finally {
    owner.release();
  }
}

/** Not every browser's WGSL has dot4I8Packed. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof LinnetError && error.name === 'ShaderFailed') return undefined;
  throw error;
}
