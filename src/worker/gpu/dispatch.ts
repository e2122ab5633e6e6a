/**
 * A plan is a list of dispatches made at load; a step walks it. Nothing is created here per step. Knows nothing of what
 * the kernels compute.
 */
import type { Workgroups } from '../../shaders/linear/linear.ts';
import type { Counters } from './counters.ts';
import { BUFFER_USAGE } from './flags.ts';
import type { BufferRange, Gpu, Pipeline } from './gpu.ts';

/** The numbers of a step that decide the grids. */
export interface StepShape {
  readonly numPrompt: number;
  readonly numGenerated: number;
  readonly numPromptLogits: number;
  readonly numGeneratedLogits: number;
  readonly numSequences: number;
  /** Flash tiles of the prompt rows. */
  readonly numTiles: number;
  /** Most keys any row of the class sees. */
  readonly maxPromptKeys: number;
  readonly maxGeneratedKeys: number;
}

/** What a dispatch takes in a step of some shape. */
export interface DispatchCost {
  readonly weightBytes?: (shape: StepShape) => number;
  /** Products that are added up, in whole tiles of rows where a kernel computes whole tiles. */
  readonly multiplyAdds: (shape: StepShape) => number;
}

export interface Dispatch {
  readonly label: string;
  readonly pipeline: Pipeline;
  readonly bindGroup: GPUBindGroup;
  /** Undefined: nothing to do in this step. */
  readonly workgroups: (shape: StepShape) => Workgroups | undefined;
  /** Of matrix products, attention and recurrences; all others are small. */
  readonly cost: DispatchCost | undefined;
}

/** Records the plan into an open pass and counts what it records. */
export function recordPlan(
  pass: GPUComputePassEncoder,
  plan: readonly Dispatch[],
  shape: StepShape,
  counters: Counters,
): void {
  for (const dispatch of plan) {
    const groups = dispatch.workgroups(shape);
    if (groups === undefined) continue;
    pass.setPipeline(dispatch.pipeline.pipeline);
    pass.setBindGroup(0, dispatch.bindGroup);
    pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
    counters.numDispatches += 1;
    counters.weightBytesRead += dispatch.cost?.weightBytes?.(shape) ?? 0;
  }
}

/** Multiply-adds of a step. */
export interface StepWork {
  readonly total: number;
  /** Of its prompt rows, without the head. */
  readonly prompt: number;
  /** Of those, in the largest dispatch. */
  readonly longest: number;
}

export function workOf(plan: readonly Dispatch[], shape: StepShape): StepWork {
  const promptOnly = { ...shape, numGenerated: 0, numPromptLogits: 0, numGeneratedLogits: 0, maxGeneratedKeys: 0 };
  let [total, prompt, longest] = [0, 0, 0];
  for (const { cost } of plan) {
    if (cost === undefined) continue;
    total += cost.multiplyAdds(shape);
    const ofPrompt = cost.multiplyAdds(promptOnly);
    prompt += ofPrompt;
    longest = Math.max(longest, ofPrompt);
  }
  return { total, prompt, longest };
}

/** A parameter word: a u32, or an f32 when it is marked so. */
export type ParamWord = number | { readonly f32: number };

const SLOT_BYTES = 256; // the offset alignment of uniform bindings
const PAGE_SLOTS = 256;

/** Static parameters of operations: one 256-byte slot of a uniform buffer each, written at load. */
export class ParamsArena {
  readonly #gpu: Gpu;
  readonly #label: string;
  #page: GPUBuffer | undefined;
  #used = 0;

  constructor(gpu: Gpu, label: string) {
    this.#gpu = gpu;
    this.#label = label;
  }

  add(words: readonly ParamWord[]): BufferRange {
    if (this.#page === undefined || this.#used === PAGE_SLOTS) {
      this.#page = this.#gpu.createBuffer(
        this.#label,
        PAGE_SLOTS * SLOT_BYTES,
        BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST,
      );
      this.#used = 0;
    }
    const view = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, i) => {
      if (typeof word === 'number') view.setUint32(i * 4, word, true);
      else view.setFloat32(i * 4, word.f32, true);
    });
    const offsetBytes = this.#used * SLOT_BYTES;
    this.#used += 1;
    this.#gpu.device.queue.writeBuffer(this.#page, offsetBytes, view.buffer);
    return { buffer: this.#page, offsetBytes, sizeBytes: SLOT_BYTES };
  }
}
