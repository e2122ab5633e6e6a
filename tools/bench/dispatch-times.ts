/**
 * How long the dispatches of a step take, kernel by kernel: those of one kernel alone, many times in a pass, so that neither
 * recording nor reading is in it. What the dispatches then compute means nothing (a sum is added again and again). Prints
 * nothing.
 */
import { recordPlan, type Dispatch, type StepShape } from '../../src/worker/gpu/dispatch.ts';
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import type { Batch } from '../../src/worker/scheduler/batch.ts';
import type { Clock } from './measure.ts';

export interface DispatchTime {
  readonly kernel: string;
  /** In the step. */
  readonly numDispatches: number;
  /** All of them, once: the best of some tries. */
  readonly ms: number;
  readonly multiplyAdds: number;
  readonly weightBytes: number;
}

const NUM_TRIES = 5;
const MAX_REPEATS = 200;
const TRY_MS = 30;

/** The kernels of a step with `batch`, in the order in which they first occur. The cache holds what it held. */
export async function timeDispatches(runner: ModelRunner, batch: Batch, now: Clock): Promise<readonly DispatchTime[]> {
  const shape = runner.forward(batch);
  await runner.gpu.device.queue.onSubmittedWorkDone();
  const times: DispatchTime[] = [];
  for (const [kernel, dispatches] of byKernel(runner.dispatches, shape)) {
    const once = await timeOnce(runner, dispatches, shape, now);
    const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(TRY_MS / once)));
    let best = Infinity;
    for (let i = 0; i < NUM_TRIES; i++) {
      best = Math.min(best, (await timeOnce(runner, dispatches, shape, now, repeats)) / repeats);
    }
    const sum = (of: (dispatch: Dispatch) => number | undefined) =>
      dispatches.reduce((total, dispatch) => total + (of(dispatch) ?? 0), 0);
    times.push({
      kernel,
      numDispatches: dispatches.length,
      ms: best,
      multiplyAdds: sum(({ cost }) => cost?.multiplyAdds(shape)),
      weightBytes: sum(({ cost }) => cost?.weightBytes?.(shape)),
    });
  }
  return times;
}

function byKernel(plan: readonly Dispatch[], shape: StepShape): ReadonlyMap<string, readonly Dispatch[]> {
  const groups = new Map<string, Dispatch[]>();
  for (const dispatch of plan) {
    if (dispatch.workgroups(shape) === undefined) continue;
    const group = groups.get(dispatch.label);
    if (group === undefined) groups.set(dispatch.label, [dispatch]);
    else group.push(dispatch);
  }
  return groups;
}

async function timeOnce(
  { gpu }: ModelRunner,
  dispatches: readonly Dispatch[],
  shape: StepShape,
  now: Clock,
  repeats = 1,
): Promise<number> {
  const encoder = gpu.device.createCommandEncoder({ label: 'dispatches' });
  const pass = encoder.beginComputePass({ label: 'dispatches' });
  for (let i = 0; i < repeats; i++) recordPlan(pass, dispatches, shape, gpu.counters);
  pass.end();
  const commands = encoder.finish();
  const started = now();
  gpu.device.queue.submit([commands]);
  await gpu.device.queue.onSubmittedWorkDone();
  return now() - started;
}
