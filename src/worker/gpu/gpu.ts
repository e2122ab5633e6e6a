/**
 * One generation of a GPU device: buffers, pipelines and bind groups are made here and nowhere else, labelled and
 * counted. When the device is lost, everything made by this object is lost with it. Knows nothing of models or tokens;
 * the host (page or Node) brings the adapter.
 */
import type { BindingKind, Kernel } from '../../shaders/kernel.ts';
import type { KernelTraits } from '../../shaders/linear/linear.ts';
import { LinnetError } from '../errors.ts';
import { Counters } from './counters.ts';
import { BUFFER_USAGE, SHADER_STAGE_COMPUTE } from './flags.ts';

/** The limits the runtime plans with: those of the device, or smaller ones for tests. */
export interface PlanningLimits {
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly software: boolean;
  readonly subgroupSize: { readonly min: number; readonly max: number } | undefined;
  /** Whether WGSL has `dot4I8Packed` here; undefined where nothing told, and the kernels' check has to. */
  readonly hasPackedDot?: boolean;
}

export interface Pipeline {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A buffer, or a part of one. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offsetBytes?: number;
  readonly sizeBytes?: number;
}

/** What all owners on one device have in common. */
interface Shared {
  readonly counters: Counters;
  readonly pipelines: Map<string, Promise<Pipeline>>;
  readonly layouts: Map<string, GPUBindGroupLayout>;
}

function newShared(): Shared {
  return { counters: new Counters(), pipelines: new Map(), layouts: new Map() };
}

export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly limits: PlanningLimits;
  readonly traits: KernelTraits;
  readonly counters: Counters;
  readonly #shared: Shared;
  readonly #buffers = new Set<GPUBuffer>();

  /** `shared`: what an owner on the same device has in common with the others, see `owner`. */
  constructor(device: GPUDevice, adapter: AdapterDescription, limits: PlanningLimits, shared: Shared = newShared()) {
    this.device = device;
    this.adapter = adapter;
    this.limits = limits;
    this.#shared = shared;
    this.counters = shared.counters;
    this.traits = {
      software: adapter.software,
      hasF16: device.features.has('shader-f16'),
      subgroupMin: device.features.has('subgroups') ? adapter.subgroupSize?.min : undefined,
      ...(adapter.hasPackedDot === undefined ? {} : { hasPackedDot: adapter.hasPackedDot }),
    };
  }

  /** The same device, pipelines and counters, with buffers of its own: `release` frees those alone. */
  owner(): Gpu {
    return new Gpu(this.device, this.adapter, this.limits, this.#shared);
  }

  /** The same device and pipelines, with buffers and counters of its own: for work that is no part of any model. */
  apart(): Gpu {
    return new Gpu(this.device, this.adapter, this.limits, { ...this.#shared, counters: new Counters() });
  }

  /** A zeroed buffer. @throws LimitExceeded when a buffer cannot be that large. */
  createBuffer(label: string, sizeBytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.max(16, Math.ceil(sizeBytes / 4) * 4);
    if (size > this.limits.maxBufferBytes) {
      throw new LinnetError(
        'LimitExceeded',
        `${label} needs a buffer of ${String(size)} bytes, this device allows ${String(this.limits.maxBufferBytes)}: choose a smaller context or model.`,
      );
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#buffers.add(buffer);
    this.counters.numBuffersCreated += 1;
    this.counters.bufferBytes += size;
    this.counters.peakBufferBytes = Math.max(this.counters.peakBufferBytes, this.counters.bufferBytes);
    return buffer;
  }

  createStorage(label: string, sizeBytes: number): GPUBuffer {
    return this.createBuffer(label, sizeBytes, BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST | BUFFER_USAGE.COPY_SRC);
  }

  destroyBuffer(buffer: GPUBuffer): void {
    if (!this.#buffers.delete(buffer)) return;
    this.counters.bufferBytes -= buffer.size;
    buffer.destroy();
  }

  /** Compiles a kernel once. @throws ShaderFailed naming the kernel, line and column. */
  pipeline(kernel: Kernel): Promise<Pipeline> {
    const key = `${kernel.name} ${JSON.stringify(kernel.constants)}`;
    let made = this.#shared.pipelines.get(key);
    if (made === undefined) {
      made = this.#compile(kernel);
      this.#shared.pipelines.set(key, made);
      made.catch(() => this.#shared.pipelines.delete(key));
    }
    return made;
  }

  bindGroup(label: string, pipeline: Pipeline, ranges: readonly BufferRange[]): GPUBindGroup {
    this.counters.numBindGroupsCreated += 1;
    return this.device.createBindGroup({
      label,
      layout: pipeline.layout,
      entries: ranges.map((range, binding) => ({
        binding,
        resource: {
          buffer: range.buffer,
          offset: range.offsetBytes ?? 0,
          ...(range.sizeBytes === undefined ? {} : { size: range.sizeBytes }),
        },
      })),
    });
  }

  /** Names of the kernels that were compiled. */
  kernelNames(): readonly string[] {
    return [...this.#shared.pipelines.keys()].map((key) => key.slice(0, key.indexOf(' ')));
  }

  /** Frees every buffer made through this owner. */
  release(): void {
    for (const buffer of this.#buffers) this.destroyBuffer(buffer);
  }

  destroy(): void {
    this.release();
    this.device.destroy();
  }

  async #compile(kernel: Kernel): Promise<Pipeline> {
    const layout = this.#layout(kernel.bindings);
    // What a module is refused for is this call's failure, not the device's.
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: kernel.name, code: kernel.code });
    const refused = this.device.popErrorScope();
    refused.catch(() => undefined);
    try {
      const pipeline = await this.device.createComputePipelineAsync({
        label: kernel.name,
        layout: this.device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants: { ...kernel.constants } },
      });
      return { kernel, pipeline, layout };
    } catch (cause) {
      const info = await module.getCompilationInfo();
      const lines = info.messages.map((m) => `${String(m.lineNum)}:${String(m.linePos)} ${m.message}`);
      const reason = lines.join('; ') || String(cause);
      throw new LinnetError(
        'ShaderFailed',
        `The kernel ${kernel.name} does not compile on this device: ${reason}. Please report this with the device panel's text.`,
        { cause: new Error(reason, { cause }) },
      );
    }
  }

  #layout(bindings: readonly BindingKind[]): GPUBindGroupLayout {
    const key = bindings.join(',');
    let layout = this.#shared.layouts.get(key);
    if (layout === undefined) {
      layout = this.device.createBindGroupLayout({
        label: key,
        entries: bindings.map((kind, binding) => ({
          binding,
          visibility: SHADER_STAGE_COMPUTE,
          buffer: { type: BUFFER_TYPES[kind] },
        })),
      });
      this.#shared.layouts.set(key, layout);
    }
    return layout;
  }
}

const BUFFER_TYPES: Readonly<Record<BindingKind, GPUBufferBindingType>> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  readWrite: 'storage',
};
