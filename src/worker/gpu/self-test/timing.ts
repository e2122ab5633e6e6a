/**
 * How long a variant takes for work like a model's: one dispatch over a matrix of its most common type, or over a prompt of
 * some length. Less than a fifth of a second a variant. Knows nothing of verdicts.
 */
import type { KernelFamily, KernelNeeds, Subject } from '../../../shaders/variants.ts';
import { isTimed, workOf, type TimedSubject } from '../../../shaders/vectors/work.ts';
import { LinnetError } from '../../errors.ts';
import type { Gpu } from '../gpu.ts';
import { measurePace } from '../limits-probe/stopwatch.ts';
import { bindRun } from './run-check.ts';

/** What the variants of a family are compared by: timings of another type or head say nothing. */
export function workName(family: KernelFamily, { attention, decodeAttention, typical }: KernelNeeds): string {
  switch (family) {
    case 'gemm':
    case 'gemv':
    case 'gemmInt8':
    case 'gemvInt8':
      return `${family} ${typical.type.name}`;
    case 'attention':
      return [family, ...attention.map(({ layout, headDim, keys }) => `${layout} d${String(headDim)} ${keys}`)].join(
        ' ',
      );
    case 'decodeAttention':
      return [
        family,
        ...decodeAttention.map(
          ({ layout, headDim, headsPerKv }) => `${layout} d${String(headDim)} h${String(headsPerKv)}`,
        ),
      ].join(' ');
  }
}

/** @returns microseconds of a dispatch, the best of a few; @throws the signal's reason when it aborts, OutOfMemory */
export async function timeVariant(
  gpu: Gpu,
  subjects: readonly Subject[],
  needs: KernelNeeds,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<number> {
  const subject = typicalOf(subjects, needs);
  const run = workOf(subject, needs);
  const owner = gpu.owner();
  const { device } = gpu;
  try {
    const pipeline = await gpu.pipeline(subject.kernel);
    // Beside a loaded model there may be no room.
    device.pushErrorScope('out-of-memory');
    const { bindGroup } = bindRun(owner, pipeline, run, new Map());
    const problem = await device.popErrorScope();
    if (problem !== null) throw new LinnetError('OutOfMemory', `No room to time kernels (${problem.message}).`);
    const repeat = (amount: number) => {
      const encoder = device.createCommandEncoder({ label: 'timing' });
      const pass = encoder.beginComputePass({ label: 'timing' });
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < amount; i++) pass.dispatchWorkgroups(...run.workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      gpu.counters.numDispatches += amount;
      gpu.counters.numSubmits += 1;
      return device.queue.onSubmittedWorkDone();
    };
    const work = { firstAmount: 1, maxAmount: 1024, run: repeat };
    const pace = await measurePace(work, { nowMs, targetMs: 15, numRepeats: 4, budgetMs: 60, signal });
    return 1e6 / pace.perSecond;
  } finally {
    owner.release();
  }
}

/** The kernel that most of the time goes to: gate and up of the most common type, else any product with it. */
function typicalOf(all: readonly Subject[], { typical }: KernelNeeds): TimedSubject {
  const subjects = all.filter(isTimed);
  const ofType = subjects.filter((subject) => !('type' in subject) || subject.type === typical.type);
  const subject = ofType.find(({ op }) => op === 'gated') ?? ofType[0] ?? subjects[0];
  if (subject === undefined) throw new LinnetError('Internal', 'A variant without kernels was to be timed.');
  return subject;
}
