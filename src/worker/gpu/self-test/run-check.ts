/**
 * Runs the dispatches of a kernel's check on a device: one submit, one read-back, and nothing left behind. Knows no
 * kernel's meaning and passes no verdict.
 */
import type { CheckRun, KernelCheck, Words } from '../../../shaders/vectors/check.ts';
import { LinnetError } from '../../errors.ts';
import { BUFFER_USAGE, MAP_MODE_READ } from '../flags.ts';
import type { Gpu, Pipeline } from '../gpu.ts';

/** The compared bindings after each run. `gpu`: an owner apart. @throws what the device says to it */
export async function runCheck(
  gpu: Gpu,
  check: KernelCheck,
  pipeline: Pipeline,
): Promise<readonly (readonly Float32Array[])[]> {
  const owner = gpu.owner();
  try {
    const { staging, sizes, problems } = submitInScopes(owner, check, pipeline);
    gpu.counters.numDispatches += check.runs.length;
    gpu.counters.numSubmits += 1;
    const [invalid, outOfMemory] = await problems;
    if (outOfMemory) {
      throw new LinnetError(
        'OutOfMemory',
        `The GPU has no room to check its kernels (${outOfMemory.message}). Close other tabs, or unload a model.`,
      );
    }
    if (invalid) throw new Error(invalid.message);
    await staging.mapAsync(MAP_MODE_READ);
    const all = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    let at = 0;
    return sizes.map((ofRun) => ofRun.map((size) => all.subarray(at, (at += size))));
  } finally {
    owner.release();
  }
}

/** Problems are those of this call alone, not the device's. */
function submitInScopes(owner: Gpu, check: KernelCheck, pipeline: Pipeline) {
  const { device } = owner;
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const pop = () => {
    const problems = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    problems.catch(() => undefined);
    return problems;
  };
  let submitted: ReturnType<typeof submitRuns>;
  try {
    submitted = submitRuns(owner, check, pipeline);
  } catch (error) {
    void pop();
    throw error;
  }
  return { ...submitted, problems: pop() };
}

/** The buffer with the outputs of all runs, one behind the other, and the words of each, run by run. */
function submitRuns(owner: Gpu, check: KernelCheck, pipeline: Pipeline) {
  const { kernel, runs, outputs } = check;
  const shared = new Map<Words, GPUBuffer>();
  const bound = runs.map((run) => bindRun(owner, pipeline, run, shared));
  const comparedOf = bound.map(({ buffers }) => outputs.flatMap((output) => buffers[output] ?? []));
  const compared = comparedOf.flat();
  const sizeBytes = compared.reduce((sum, { size }) => sum + size, 0);
  const usage = BUFFER_USAGE.COPY_DST | BUFFER_USAGE.MAP_READ;
  const staging = owner.createBuffer('check.staging', sizeBytes, usage);
  const encoder = owner.device.createCommandEncoder({ label: kernel.name });
  const pass = encoder.beginComputePass({ label: kernel.name });
  pass.setPipeline(pipeline.pipeline);
  runs.forEach(({ workgroups }, i) => {
    pass.setBindGroup(0, bound[i]?.bindGroup ?? null);
    pass.dispatchWorkgroups(...workgroups);
  });
  pass.end();
  let offset = 0;
  for (const buffer of compared) {
    encoder.copyBufferToBuffer(buffer, 0, staging, offset, buffer.size);
    offset += buffer.size;
  }
  owner.device.queue.submit([encoder.finish()]);
  return { staging, sizes: comparedOf.map((ofRun) => ofRun.map(({ size }) => size / 4)) };
}

/** A run's words in buffers of `owner`; words that are read are uploaded once for all runs with the same `shared`. */
export function bindRun(owner: Gpu, pipeline: Pipeline, run: CheckRun, shared: Map<Words, GPUBuffer>) {
  const { kernel } = pipeline;
  const buffers = run.bindings.map((words, i) => {
    const isShared = kernel.bindings[i] !== 'readWrite';
    const known = isShared ? shared.get(words) : undefined;
    if (known !== undefined) return known;
    const role = kernel.bindings[i] === 'uniform' ? BUFFER_USAGE.UNIFORM : BUFFER_USAGE.STORAGE;
    const usage = role | BUFFER_USAGE.COPY_DST | BUFFER_USAGE.COPY_SRC;
    const buffer = owner.createBuffer(`check.${String(i)}`, words.byteLength, usage);
    owner.device.queue.writeBuffer(buffer, 0, words);
    if (isShared) shared.set(words, buffer);
    return buffer;
  });
  const ranges = buffers.map((buffer) => ({ buffer }));
  return { buffers, bindGroup: owner.bindGroup(kernel.name, pipeline, ranges) };
}
