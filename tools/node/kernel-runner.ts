/**
 * Runs one kernel once on a device for its tests: words in, words out. Every buffer is made anew and has exactly the
 * size given, so that a read past its end is a read past the end. Knows no kernel's meaning.
 *
 *   describeOnAdapters((runner) => {
 *     it('adds', async () => {
 *       const [, sum] = await runner().run(add, [Float32Array.of(1), new Float32Array(1)], [1, 1, 1]);
 *     });
 *   });
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { BindingKind, Kernel } from '../../src/shaders/kernel.ts';
import type { CheckProblem, KernelCheck } from '../../src/shaders/vectors/check.ts';
import { openDawn, type AdapterName } from './dawn.ts';
import { openTestDevice, testAdapters, titleOf, type TestDevice } from './test-devices.ts';

export type Words = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** A parameter word: a u32, or an f32 when it is marked so. */
export type ParamWord = number | { readonly f32: number };

/** Words of a uniform struct, in the order of its fields. */
export function packFields<Field extends string>(
  fields: readonly Field[],
  values: Readonly<Record<Field, ParamWord>>,
): Uint32Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(Math.ceil(fields.length / 4) * 16));
  fields.forEach((field, i) => {
    const word = values[field];
    if (typeof word === 'number') view.setUint32(i * 4, word, true);
    else view.setFloat32(i * 4, word.f32, true);
  });
  return new Uint32Array(view.buffer);
}

export interface StepFields {
  readonly numPrompt?: number;
  readonly numGenerated?: number;
  readonly numPromptLogits?: number;
  readonly numGeneratedLogits?: number;
  readonly numTiles?: number;
  readonly tableStride?: number;
}

/** The words of `Step` in step.wgsl. */
export function packStep(step: StepFields): Uint32Array<ArrayBuffer> {
  const { numPrompt = 0, numGenerated = 0, numPromptLogits = 0, numGeneratedLogits = 0 } = step;
  const { numTiles = 0, tableStride = 0 } = step;
  return Uint32Array.of(numPrompt, numGenerated, numPromptLogits, numGeneratedLogits, numTiles, tableStride, 0, 0);
}

const BUFFER_TYPES: Readonly<Record<BindingKind, GPUBufferBindingType>> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  readWrite: 'storage',
};

export class KernelRunner {
  readonly device: GPUDevice;
  readonly subgroupMin: number | undefined;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  constructor(device: GPUDevice, subgroupMin: number | undefined) {
    this.device = device;
    this.subgroupMin = subgroupMin;
  }

  /** The first feature that the kernel needs and the device has not. */
  missingFeature(kernel: Kernel): GPUFeatureName | undefined {
    return kernel.features.find((feature) => !this.device.features.has(feature));
  }

  /** Runs `kernel` over copies of `bindings`, one for each of its bindings; returns those that it may write, else undefined. */
  async run(
    kernel: Kernel,
    bindings: readonly Words[],
    workgroups: readonly [number, number, number],
  ): Promise<readonly (ArrayBuffer | undefined)[]> {
    if (bindings.length !== kernel.bindings.length)
      throw new Error(`${kernel.name} has ${kernel.bindings.length} bindings`);
    const { device } = this;
    device.pushErrorScope('validation');
    const pipeline = await this.#pipelineOf(kernel);
    const buffers = bindings.map((words, i) => this.#upload(words, kernel.bindings[i] ?? 'read'));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    const stagings = buffers.map((buffer, i) => {
      if (kernel.bindings[i] !== 'readWrite') return undefined;
      const staging = device.createBuffer({
        size: buffer.size,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
      return staging;
    });
    device.queue.submit([encoder.finish()]);
    const error = await device.popErrorScope();
    if (error !== null) throw new Error(`${kernel.name}: ${error.message}`);
    const results = await Promise.all(
      stagings.map(async (staging) => {
        if (staging === undefined) return undefined;
        await staging.mapAsync(GPUMapMode.READ);
        return staging.getMappedRange().slice(0);
      }),
    );
    for (const buffer of [...buffers, ...stagings]) buffer?.destroy();
    return results;
  }

  /** What the kernel's own check finds; undefined when it is right. */
  async problemOf(check: KernelCheck): Promise<CheckProblem | undefined> {
    const { kernel, runs, outputs } = check;
    const results: Float32Array[][] = [];
    for (const { bindings, workgroups } of runs) {
      const written = await this.run(kernel, bindings, [...workgroups]);
      results.push(outputs.map((output) => new Float32Array(written[output] ?? new ArrayBuffer(0))));
    }
    return check.verify(results);
  }

  #pipelineOf(kernel: Kernel): Promise<GPUComputePipeline> {
    const key = `${kernel.name} ${JSON.stringify(kernel.constants)} ${kernel.code}`;
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const layout = this.device.createBindGroupLayout({
      entries: kernel.bindings.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: BUFFER_TYPES[kind] },
      })),
    });
    const made = this.device.createComputePipelineAsync({
      label: kernel.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.device.createShaderModule({ code: kernel.code }), constants: { ...kernel.constants } },
    });
    this.#pipelines.set(key, made);
    return made;
  }

  #upload(words: Words, kind: BindingKind): GPUBuffer {
    const role = kind === 'uniform' ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
    const size = Math.max(16, words.byteLength);
    const buffer = this.device.createBuffer({ size, usage: role | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    this.device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }
}

const KERNEL_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups'];

/** `body` describes tests; they run on every adapter that is present, with those features of the kernels that it has. */
export function describeOnAdapters(body: (runner: () => KernelRunner, adapter: AdapterName) => void): void {
  for (const { name, skipReason } of testAdapters()) {
    describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
      let opened: TestDevice | undefined;
      let runner: KernelRunner | undefined;
      beforeAll(async () => {
        const { adapter } = await openDawn({ adapter: name });
        const features = KERNEL_FEATURES.filter((feature) => adapter.features.has(feature));
        opened = await openTestDevice(name, { features });
        runner = new KernelRunner(
          opened.device,
          features.includes('subgroups') ? adapter.info.subgroupMinSize : undefined,
        );
      });
      afterAll(() => opened?.close());
      body(() => {
        if (runner === undefined)
          throw new Error('the device is opened before the tests, not while they are described');
        return runner;
      }, name);
    });
  }
}
