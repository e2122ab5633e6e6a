/**
 * Runs the sampler's kernels on a device for the tests: logits and parameters in, records out. It makes every buffer anew
 * and waits for every result, as nothing that ships may.
 */
import type { BindingKind, Kernel } from '../../src/shaders/kernel.ts';
import { decodeSampleRecord, encodeSampleRow, ROW_FLAGS } from '../../src/shaders/sample/layout.ts';
import type { SampleRecord, SampleRow } from '../../src/shaders/sample/layout.ts';
import {
  sampleBytes,
  sampleKernels,
  sampleWorkgroups,
  type SampleKernels,
  type SampleShape,
} from '../../src/shaders/sample/sample.ts';

/** What `sample_adjust` reads, when it is to run. */
export interface AdjustInput {
  /** [segment][numSlots, segmentLength] */
  readonly counts: readonly Uint32Array<ArrayBuffer>[];
  /** Pairs of id and bits of f32. */
  readonly bias: Uint32Array<ArrayBuffer>;
  readonly mask: Uint32Array<ArrayBuffer>;
}

export interface SampleOutput {
  readonly records: readonly SampleRecord[];
  /** The records as they are, for comparing bits. */
  readonly words: Uint32Array;
  /** [segment][numRows, segmentLength]; empty unless adjusted. */
  readonly adjusted: readonly Float32Array[];
  /** [segment][numSlots, segmentLength] after the picked tokens were counted; empty unless adjusted. */
  readonly counts: readonly Uint32Array[];
  /** What went to `tokens`, which starts out as 0. */
  readonly tokens: Uint32Array;
}

type Words = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** A harness per shape of one device, since pipelines take long to make. */
export function sampleHarnesses(device: GPUDevice): (shape: SampleShape) => SampleHarness {
  const made = new Map<string, SampleHarness>();
  return (shape) => {
    const key = JSON.stringify(shape);
    const harness = made.get(key) ?? new SampleHarness(device, shape);
    made.set(key, harness);
    return harness;
  };
}

export class SampleHarness {
  readonly #device: GPUDevice;
  readonly #kernels: SampleKernels;
  readonly #shape: SampleShape;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #buffers: GPUBuffer[] = [];

  constructor(device: GPUDevice, shape: SampleShape) {
    this.#device = device;
    this.#shape = shape;
    this.#kernels = sampleKernels(shape);
  }

  /** Lays rows of `vocabSize` logits out as [segment][numRows, segmentLength]; the padding is large, to be noticed. */
  layOut(rows: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer>[] {
    const { segmentLength, numSegments, vocabSize } = this.#shape;
    return Array.from({ length: numSegments }, (_, segment) => {
      const data = new Float32Array(rows.length * segmentLength).fill(1e9);
      rows.forEach((row, r) => {
        const end = Math.min(vocabSize, (segment + 1) * segmentLength);
        for (let id = segment * segmentLength; id < end; id++) {
          data[r * segmentLength + id - segment * segmentLength] = row[id] ?? NaN;
        }
      });
      return data;
    });
  }

  async run(
    logits: readonly Float32Array<ArrayBuffer>[],
    rows: readonly SampleRow[],
    adjust?: AdjustInput,
  ): Promise<SampleOutput> {
    const shape = this.#shape;
    const bytes = sampleBytes(shape, rows.length, 1);
    const grid = sampleWorkgroups(shape, rows.length);
    const params = new DataView(new ArrayBuffer(bytes.rows));
    rows.forEach((row, i) => {
      encodeSampleRow(params, i, row);
    });
    const rowsBuffer = this.#upload(new Uint32Array(params.buffer));
    const raw = logits.map((segment) => this.#upload(segment));
    const groups = this.#empty(bytes.groups);
    const records = this.#empty(bytes.records);
    const tokens = this.#empty(Math.max(rows.length, 1) * 4);
    const counts = adjust?.counts.map((segment) => this.#upload(segment)) ?? [];
    const adjusted = adjust === undefined ? [] : logits.map((segment) => this.#empty(segment.byteLength));
    const first: [Kernel, GPUBuffer[]][] = raw.map((segment, s) => {
      if (adjust === undefined) return [at(this.#kernels.groups, s), [rowsBuffer, segment, groups]];
      const extra = [at(counts, s), this.#upload(adjust.bias), this.#upload(adjust.mask), at(adjusted, s)];
      return [at(this.#kernels.adjust, s), [rowsBuffer, segment, groups, ...extra]];
    });
    const values = adjust === undefined ? raw : adjusted;

    const wantsLogprobs = rows.some((row) => (row.flags & ROW_FLAGS.logprobs) !== 0);
    // All at once, so that they compile side by side.
    const needed = [this.#kernels.pick, ...first.map(([kernel]) => kernel)];
    if (wantsLogprobs) needed.push(this.#kernels.logprobs);
    await Promise.all(needed.map((kernel) => this.#pipelineOf(kernel)));
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const [kernel, buffers] of first) await this.#dispatch(pass, kernel, buffers, grid.groups);
    const pickBuffers = [rowsBuffer, at(values, 0), values[1] ?? at(values, 0), groups, records, tokens];
    await this.#dispatch(pass, this.#kernels.pick, pickBuffers, grid.pick);
    const logprobBuffers = [rowsBuffer, at(raw, 0), raw[1] ?? at(raw, 0), groups, records];
    if (wantsLogprobs) {
      await this.#dispatch(pass, this.#kernels.logprobs, logprobBuffers, grid.logprobs);
    }
    for (const [s, segment] of counts.entries()) {
      await this.#dispatch(pass, at(this.#kernels.countPicked, s), [rowsBuffer, records, segment], grid.countPicked);
    }
    pass.end();
    const reads = [records, tokens, ...adjusted, ...counts].map((buffer) => this.#readLater(encoder, buffer));
    this.#device.queue.submit([encoder.finish()]);
    const results = await Promise.all(reads.map((read) => read()));
    this.#free();
    const words = new Uint32Array(at(results, 0));
    const view = new DataView(at(results, 0));
    return {
      records: rows.map((_, i) => decodeSampleRecord(view, i)),
      words,
      tokens: new Uint32Array(at(results, 1)),
      adjusted: adjusted.map((_, i) => new Float32Array(at(results, 2 + i))),
      counts: counts.map((_, i) => new Uint32Array(at(results, 2 + adjusted.length + i))),
    };
  }

  /** Counts a token list (as `encodeTokenList` makes it) into counts that start out as given; returns them. */
  async count(list: Uint32Array<ArrayBuffer>, counts: readonly Uint32Array<ArrayBuffer>[]): Promise<Uint32Array[]> {
    const listBuffer = this.#upload(list);
    const buffers = counts.map((segment) => this.#upload(segment));
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const grid = sampleWorkgroups(this.#shape, 1).countList(list.length - 2);
    for (const [s, buffer] of buffers.entries()) {
      await this.#dispatch(pass, at(this.#kernels.countList, s), [listBuffer, buffer], grid);
    }
    pass.end();
    const reads = buffers.map((buffer) => this.#readLater(encoder, buffer));
    this.#device.queue.submit([encoder.finish()]);
    const results = await Promise.all(reads.map((read) => read()));
    this.#free();
    return results.map((result) => new Uint32Array(result));
  }

  async #dispatch(
    pass: GPUComputePassEncoder,
    kernel: Kernel,
    buffers: readonly GPUBuffer[],
    grid: readonly [number, number],
  ): Promise<void> {
    const pipeline = await this.#pipelineOf(kernel);
    pass.setPipeline(pipeline);
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...grid);
  }

  #pipelineOf(kernel: Kernel): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(kernel.name);
    if (known !== undefined) return known;
    const layout = this.#device.createBindGroupLayout({
      entries: kernel.bindings.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: BUFFER_TYPES[kind] },
      })),
    });
    const made = this.#device.createComputePipelineAsync({
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#device.createShaderModule({ code: kernel.code }), constants: { ...kernel.constants } },
    });
    this.#pipelines.set(kernel.name, made);
    return made;
  }

  #upload(words: Words): GPUBuffer {
    const buffer = this.#empty(words.byteLength);
    this.#device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  #empty(sizeBytes: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.#device.createBuffer({ size: sizeBytes, usage });
    this.#buffers.push(buffer);
    return buffer;
  }

  #readLater(encoder: GPUCommandEncoder, source: GPUBuffer): () => Promise<ArrayBuffer> {
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const staging = this.#device.createBuffer({ size: source.size, usage });
    this.#buffers.push(staging);
    encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
    return async () => {
      await staging.mapAsync(GPUMapMode.READ);
      return staging.getMappedRange().slice(0);
    };
  }

  #free(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
  }
}

const BUFFER_TYPES: Readonly<Record<BindingKind, GPUBufferBindingType>> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  readWrite: 'storage',
};

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${String(index)} of ${String(list.length)}`);
  return item;
}
