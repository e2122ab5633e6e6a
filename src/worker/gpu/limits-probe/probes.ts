/**
 * The probes as work on a device: their buffers, parameters and grids. What they wrote can be read back, which is how a test
 * knows that they did what they say. Knows nothing of clocks.
 */
import type { BlockType } from '../../../shaders/blocks/block-type.ts';
import type { Kernel } from '../../../shaders/kernel.ts';
import {
  BYTES_PER_WORD,
  FLOPS_PER_ITERATION,
  INT8_OPS_PER_ITERATION,
  PROBE_PARAMS,
  PROBE_WORKGROUP_SIZE,
  probeCopy,
  probeDequantDot,
  probeDot4,
  probeFma,
  probeRead,
  probeUnitDot,
  registerBlocks,
} from '../../../shaders/probe/probe.ts';
import { BUFFER_USAGE } from '../flags.ts';
import type { Gpu, Pipeline } from '../gpu.ts';
import type { Work } from './stopwatch.ts';

/** Work whose amount is iterations, and what one of them is worth. */
export interface Probe extends Work {
  /** Of operations, weights or bytes, over all threads. */
  readonly unitsPerIteration: number;
  /** What is read from memory; absent where everything is in registers. */
  readonly source?: GPUBuffer;
  /** [threads] or, for copies, the copied words. */
  readonly out: GPUBuffer;
}

export interface ProbeInputs {
  readonly step: number;
  readonly mask: number;
  readonly factor: number;
  readonly addend: number;
}

/** fma stays finite; halves stay finite, because only their low bits change. */
export const PROBE_INPUTS: ProbeInputs = { step: 0x00010001, mask: 0xff, factor: 0.999, addend: 0.001 };

/** Enough threads for every core and, on a GPU, to hide the latency of each. */
function numWorkgroups(gpu: Gpu): number {
  return gpu.adapter.software ? 64 : 4096;
}

const MAX_ITERATIONS = 2 ** 24;
const FILL_WORDS = 2 ** 18;

export class Probes {
  readonly #gpu: Gpu;
  readonly #params: GPUBuffer;

  /** `gpu`: an owner of its own, so that its buffers can be released. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#params = gpu.createBuffer(
      'probe.params',
      PROBE_PARAMS.length * 4,
      BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST,
    );
  }

  async fma(inputs: ProbeInputs = PROBE_INPUTS): Promise<Probe> {
    return this.registers(probeFma, FLOPS_PER_ITERATION, inputs, []);
  }

  /** @throws ShaderFailed where the language has no `dot4I8Packed` */
  async dot4(inputs: ProbeInputs = PROBE_INPUTS): Promise<Probe> {
    return this.registers(probeDot4, INT8_OPS_PER_ITERATION, inputs, []);
  }

  /** `words`: what `registerBlocks` says, and the word with the scales. Undefined for a type that cannot be in registers. */
  async dequantDot(
    type: BlockType,
    words?: Uint32Array<ArrayBuffer>,
    inputs: ProbeInputs = PROBE_INPUTS,
  ): Promise<Probe | undefined> {
    return this.#blocks(probeDequantDot(type), type, words, inputs);
  }

  /** The same with the scales after the sums. Undefined for a type that has no such way. */
  async unitDot(
    type: BlockType,
    words?: Uint32Array<ArrayBuffer>,
    inputs: ProbeInputs = PROBE_INPUTS,
  ): Promise<Probe | undefined> {
    return this.#blocks(probeUnitDot(type), type, words, inputs);
  }

  async #blocks(
    kernel: Kernel | undefined,
    type: BlockType,
    words: Uint32Array<ArrayBuffer> | undefined,
    inputs: ProbeInputs,
  ): Promise<Probe | undefined> {
    if (kernel === undefined) return undefined;
    const { numWords, numGroups } = registerBlocks(type);
    const blocks = this.#gpu.createStorage('probe.blocks', (numWords + 1) * BYTES_PER_WORD);
    // 0x2c66 is a half of about 0.07, wherever a half may lie.
    const plain = new Uint32Array((numWords + 1) * 4).fill(0x2c662c66);
    this.#gpu.device.queue.writeBuffer(blocks, 0, words ?? plain);
    return this.registers(kernel, numGroups * 32, inputs, [blocks]);
  }

  /** Any kernel that works in registers: its bindings are params, `buffers`, out. */
  async registers(
    kernel: Kernel,
    unitsPerThread: number,
    inputs: ProbeInputs,
    buffers: readonly GPUBuffer[],
  ): Promise<Probe> {
    const groups = numWorkgroups(this.#gpu);
    const out = this.#memory('out', groups * PROBE_WORKGROUP_SIZE * 4);
    const pipeline = await this.#pipeline(kernel);
    const bindGroup = this.#bind(pipeline, [this.#params, ...buffers, out]);
    return {
      firstAmount: 16,
      maxAmount: MAX_ITERATIONS,
      unitsPerIteration: unitsPerThread * PROBE_WORKGROUP_SIZE * groups,
      out,
      run: (amount) => this.#run(pipeline, bindGroup, amount, inputs, 1),
    };
  }

  /** Every iteration copies all of `sizeBytes`; both reading and writing count. */
  async copyKernel(sizeBytes: number): Promise<Probe> {
    const [source, out] = [this.#source(sizeBytes), this.#memory('out', sizeBytes)];
    return this.#passes(probeCopy, source, out, 2);
  }

  async readKernel(sizeBytes: number): Promise<Probe> {
    const source = this.#source(sizeBytes);
    return this.#passes(probeRead, source, this.#memory('out', numWorkgroups(this.#gpu) * PROBE_WORKGROUP_SIZE * 4), 1);
  }

  /** The same as `copyKernel` by the command that drivers have for it. */
  copyCommand(sizeBytes: number): Probe {
    const { device } = this.#gpu;
    const [source, out] = [this.#source(sizeBytes), this.#memory('out', sizeBytes)];
    return {
      firstAmount: 1,
      maxAmount: 256,
      unitsPerIteration: 2 * source.size,
      source,
      out,
      run(amount) {
        const encoder = device.createCommandEncoder({ label: 'probe' });
        for (let i = 0; i < amount; i++) encoder.copyBufferToBuffer(source, 0, out, 0, source.size);
        device.queue.submit([encoder.finish()]);
        return device.queue.onSubmittedWorkDone();
      },
    };
  }

  async #passes(kernel: Kernel, source: GPUBuffer, out: GPUBuffer, unitsPerByte: number): Promise<Probe> {
    const pipeline = await this.#pipeline(kernel);
    const bindGroup = this.#bind(pipeline, [this.#params, source, out]);
    const numWords = source.size / BYTES_PER_WORD;
    const perThread = Math.floor(numWords / (numWorkgroups(this.#gpu) * PROBE_WORKGROUP_SIZE));
    return {
      firstAmount: 1,
      maxAmount: 256,
      unitsPerIteration: unitsPerByte * source.size,
      source,
      out,
      run: (amount) => this.#run(pipeline, bindGroup, perThread, PROBE_INPUTS, amount),
    };
  }

  #run(
    pipeline: Pipeline,
    bindGroup: GPUBindGroup,
    numIterations: number,
    inputs: ProbeInputs,
    numDispatches: number,
  ): Promise<void> {
    const { device } = this.#gpu;
    const view = new DataView(new ArrayBuffer(PROBE_PARAMS.length * 4));
    const { step, mask, factor, addend } = inputs;
    [numIterations, step, mask].forEach((word, i) => {
      view.setUint32(i * 4, word, true);
    });
    view.setFloat32(12, factor, true);
    view.setFloat32(16, addend, true);
    device.queue.writeBuffer(this.#params, 0, view.buffer);
    const encoder = device.createCommandEncoder({ label: 'probe' });
    const pass = encoder.beginComputePass({ label: 'probe' });
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < numDispatches; i++) pass.dispatchWorkgroups(numWorkgroups(this.#gpu));
    pass.end();
    device.queue.submit([encoder.finish()]);
    return device.queue.onSubmittedWorkDone();
  }

  /** Whole passes of all threads. */
  #memory(label: string, sizeBytes: number): GPUBuffer {
    const pass = numWorkgroups(this.#gpu) * PROBE_WORKGROUP_SIZE * 4;
    return this.#gpu.createStorage(`probe.${label}`, Math.max(pass, Math.floor(sizeBytes / (pass * 4)) * pass * 4));
  }

  /** Full of numbers that no driver can shorten. */
  #source(sizeBytes: number): GPUBuffer {
    const source = this.#memory('source', sizeBytes);
    const words = new Uint32Array(FILL_WORDS);
    let state = 1;
    for (let i = 0; i < words.length; i++) words[i] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    for (let at = 0; at < source.size; at += words.byteLength) {
      this.#gpu.device.queue.writeBuffer(source, at, words, 0, Math.min(FILL_WORDS, (source.size - at) / 4));
    }
    return source;
  }

  #bind(pipeline: Pipeline, buffers: readonly GPUBuffer[]): GPUBindGroup {
    return this.#gpu.bindGroup(
      pipeline.kernel.name,
      pipeline,
      buffers.map((buffer) => ({ buffer })),
    );
  }

  /** A kernel that the language lacks words for is this call's failure, not the device's. */
  async #pipeline(kernel: Kernel): Promise<Pipeline> {
    const { device } = this.#gpu;
    device.pushErrorScope('validation');
    const made = this.#gpu.pipeline(kernel);
    const problem = device.popErrorScope();
    try {
      return await made;
    } finally {
      await problem;
    }
  }
}
