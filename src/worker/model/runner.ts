/**
 * A model on a device: weights, cache, scratch and the plan made at load; `forward(batch)` records one compute pass.
 * Knows nothing of how a batch was chosen, how tokens are drawn, or where the file came from.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { LinnetError } from '../errors.ts';
import { recordPlan, workOf, type Dispatch, type StepShape, type StepWork } from '../gpu/dispatch.ts';
import { BUFFER_USAGE, MAP_MODE_READ } from '../gpu/flags.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { VariantSelector } from '../gpu/self-test/self-test.ts';
import type { GgufFile } from '../loading/gguf-file.ts';
import type { UploadContext } from '../loading/upload.ts';
import type { Batch } from '../scheduler/batch.ts';
import { checkSupported } from '../loading/gguf-support.ts';
import { ModelKeys, poolingOf, type ModelConfig } from './config.ts';
import { DecoderTensors, vocabSizeOf, type PlannedModel } from './decoder-tensors.ts';
import { Decoder } from './decoder.ts';
import { familyOf, SUPPORTED_ARCHITECTURES } from './families/index.ts';
import type { Pooling } from '../../shaders/pool/pool.ts';
import { BLOCK_TYPES } from '../../shaders/blocks/index.ts';
import { exactTwin } from '../../shaders/linear/int8.ts';
import { gemmTileRows } from '../../shaders/linear/linear.ts';
import { KvPool, kvBytesSeen } from './kv-pool.ts';
import { OpBuilder, type KernelVariants } from './ops.ts';
import { StatePool } from './recurrent/state-pool.ts';
import { RopeTable } from './rope.ts';
import { createScratch, type Scratch } from './scratch.ts';
import { planSizes, type ModelSizes, type SizeOptions } from './sizes.ts';
import { StepInputs } from './step-inputs.ts';
import { readPlannedVector, WeightStore } from './weight-store.ts';

/** Everything that is known of a model on a device before its weights are read. */
export interface ModelPlan {
  readonly config: ModelConfig;
  readonly vocabSize: number;
  /** How the file wants the states of tokens made one vector, if it says. */
  readonly pooling: Pooling | undefined;
  readonly sizes: ModelSizes;
  readonly weights: PlannedModel;
}

const SUPPORTED_TYPES: ReadonlySet<string> = new Set(BLOCK_TYPES.map((type) => type.name));

/** The configuration of a file the runtime can compute with. @throws UnsupportedArchitecture, UnsupportedTensorType, GgufInvalid */
export function supportedConfig(file: GgufFile): ModelConfig {
  checkSupported(file, { supportedTypes: SUPPORTED_TYPES, supportedArchitectures: SUPPORTED_ARCHITECTURES });
  const keys = new ModelKeys(file.metadata);
  return familyOf(keys.architecture).config(keys);
}

/** @throws every named error a file or a device's limits can give; nothing is allocated yet. */
export function planModel(file: GgufFile, gpu: Pick<Gpu, 'limits' | 'traits'>, options: SizeOptions): ModelPlan {
  const config = supportedConfig(file);
  const vocabSize = vocabSizeOf(file);
  const sizes = planSizes(config, vocabSize, gpu.limits, options);
  const tensors = new DecoderTensors(file, config, sizes, gpu.limits, gpu.traits.hasF16);
  const forward = familyOf(config.architecture).plan(tensors);
  const pooling = poolingOf(new ModelKeys(file.metadata));
  return { config, vocabSize, sizes, pooling, weights: tensors.finish(forward) };
}

/** Variants given here are used instead of those chosen for the device (tests, benchmarks). */
export interface RunnerOptions extends Partial<KernelVariants> {
  /** Chooses and checks the variants in the place of those named here. */
  readonly selector?: VariantSelector | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (numBytes: number) => void;
  /** The buffers are there and the kernels compile; what else wants to be made for them can be begun. */
  readonly onAllocated?: (scratch: Scratch) => void;
  /** The weights are there; only kernels are waited for. */
  readonly onCompiling?: () => void;
}

export class ModelRunner {
  readonly gpu: Gpu;
  readonly plan: ModelPlan;
  readonly variants: KernelVariants;
  readonly #inputs: StepInputs;
  readonly #store: WeightStore;
  readonly cache: KvPool;
  /** Of models with recurrent layers. */
  readonly states: StatePool | undefined;
  readonly scratch: Scratch;
  /** The plan of a step, in its order; the sampler's are not in it. */
  readonly dispatches: readonly Dispatch[];

  private constructor(
    gpu: Gpu,
    plan: ModelPlan,
    parts: {
      inputs: StepInputs;
      store: WeightStore;
      cache: KvPool;
      states: StatePool | undefined;
      scratch: Scratch;
      dispatches: readonly Dispatch[];
      variants: KernelVariants;
    },
  ) {
    this.gpu = gpu;
    this.plan = plan;
    this.#inputs = parts.inputs;
    this.#store = parts.store;
    this.cache = parts.cache;
    this.states = parts.states;
    this.scratch = parts.scratch;
    this.dispatches = parts.dispatches;
    this.variants = parts.variants;
  }

  static async create(
    gpu: Gpu,
    source: ByteSource,
    plan: ModelPlan,
    options: RunnerOptions = {},
  ): Promise<ModelRunner> {
    const { config, sizes } = plan;
    const context: UploadContext = {
      gpu,
      source,
      signal: options.signal,
      written: { numBytes: 0 },
      ...(options.onBytes === undefined ? {} : { onBytes: options.onBytes }),
    };
    const { ropeFactors } = plan.weights;
    const factors = ropeFactors && (await readPlannedVector(context, ropeFactors));
    const { cache, states, scratch, inputs, store } = await allocateAll(gpu, () => ({
      cache: new KvPool(gpu, sizes.kv),
      states: sizes.states && new StatePool(gpu, sizes.states),
      scratch: createScratch(gpu, config, sizes),
      inputs: new StepInputs(
        gpu,
        sizes,
        config.ropes.map((rope, i) => new RopeTable(rope, i === 0 ? factors : undefined, config.queryGrowth)),
        config.encoder !== undefined,
      ),
      store: new WeightStore(gpu, plan.weights.weights),
    }));
    // Kernels compile, and are checked, while the weights are on their way.
    const { weights: model } = plan;
    const compiled = compile((variants) => {
      options.signal?.throwIfAborted();
      const ops = new OpBuilder(gpu, inputs, config, sizes, scratch, variants);
      model.forward(new Decoder({ ops, model, store, cache, states, scratch, config, sizes }));
      return ops;
    }, options);
    compiled.catch(() => undefined);
    options.onAllocated?.(scratch);
    await store.fill(context);
    options.onCompiling?.();
    return new ModelRunner(gpu, plan, { inputs, store, cache, states, scratch, ...(await compiled) });
  }

  /**
   * Writes the step's inputs and records copies and the forward pass; `inPass` adds dispatches to the same pass. `drawn`: where
   * the step before left the ids it drew, needed for pending tokens.
   */
  record(
    batch: Batch,
    encoder: GPUCommandEncoder,
    inPass?: (pass: GPUComputePassEncoder, shape: StepShape) => void,
    drawn?: GPUBuffer,
  ): StepShape {
    const shape = this.#inputs.write(batch);
    this.#inputs.recordPending(encoder, batch, drawn);
    this.cache.recordCopies(encoder, batch);
    const pass = encoder.beginComputePass({ label: 'step' });
    recordPlan(pass, this.dispatches, shape, this.gpu.counters);
    inPass?.(pass, shape);
    pass.end();
    this.#count(batch, shape);
    return shape;
  }

  /** One step alone, submitted. */
  forward(batch: Batch): StepShape {
    const encoder = this.gpu.device.createCommandEncoder({ label: 'step' });
    const shape = this.record(batch, encoder);
    this.submit(encoder);
    return shape;
  }

  /**
   * What is to be recorded behind a step to leave the hidden states of all its rows in `scratch.normed`, the scale of the logits in
   * them. @throws Internal for models without a last norm
   */
  outputNormOfAllRows(): Promise<readonly Dispatch[]> {
    const { gpu, plan, cache, states, scratch, variants } = this;
    const { config, sizes, weights: model } = plan;
    if (model.outputNorm === undefined) throw new LinnetError('Internal', 'A model without a last norm.');
    const ops = new OpBuilder(gpu, this.#inputs, config, sizes, scratch, variants);
    const decoder = new Decoder({ ops, model, store: this.#store, cache, states, scratch, config, sizes });
    decoder.norm(model.outputNorm, { apart: true });
    return ops.finish();
  }

  workOf(shape: StepShape): StepWork {
    return workOf(this.dispatches, shape);
  }

  /** Prompt rows that a product computes together. */
  get promptTileRows(): number {
    const { gemm, gemmInt8 } = this.variants;
    return gemmTileRows(this.plan.sizes.precision === 'int8' ? exactTwin(gemmInt8) : gemm);
  }

  submit(encoder: GPUCommandEncoder): void {
    this.gpu.device.queue.submit([encoder.finish()]);
    this.gpu.counters.numSubmits += 1;
  }

  /** The logits of the last step's rows that wanted them: tests and tools only; they never leave the worker. */
  async readLogits(numRows: number): Promise<readonly Float32Array[]> {
    const { device } = this.gpu;
    const { segmentLength, numSegments } = this.plan.sizes.logits;
    const { logitsBuffer } = this.scratch;
    const staging = device.createBuffer({
      label: 'logits.staging',
      size: logitsBuffer.size,
      usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST,
    });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(logitsBuffer, 0, staging, 0, logitsBuffer.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_MODE_READ);
    const all = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    const rowsPerSegment = this.plan.sizes.logits.numRows;
    return Array.from({ length: numRows }, (_, row) => {
      const logits = new Float32Array(this.plan.vocabSize);
      for (let segment = 0; segment < numSegments; segment++) {
        const at = (segment * rowsPerSegment + row) * segmentLength;
        const length = Math.min(segmentLength, this.plan.vocabSize - segment * segmentLength);
        logits.set(all.subarray(at, at + length), segment * segmentLength);
      }
      return logits;
    });
  }

  #count(batch: Batch, shape: StepShape): void {
    const { counters } = this.gpu;
    const { config, sizes } = this.plan;
    counters.numSteps += 1;
    counters.numPromptRows += shape.numPrompt;
    counters.numGeneratedRows += shape.numGenerated;
    const readers = config.numHeads / (config.layers[0]?.numKvHeads ?? 1);
    for (const row of batch.rows) {
      // A generated row reads every key and value once for a GQA group; a prompt row shares its reads with its tile.
      const bytes = kvBytesSeen(sizes.kv, config.layers, row.position);
      counters.kvBytesRead += row.tokenClass === 'generated' ? bytes : (bytes * readers) / 16;
    }
  }
}

function chosenVariants(options: Partial<KernelVariants>): Partial<KernelVariants> {
  const { gemm, gemv, gemmInt8, gemvInt8, attention, decodeAttention } = options;
  return {
    ...(gemm === undefined ? {} : { gemm }),
    ...(gemv === undefined ? {} : { gemv }),
    ...(gemmInt8 === undefined ? {} : { gemmInt8 }),
    ...(gemvInt8 === undefined ? {} : { gemvInt8 }),
    ...(attention === undefined ? {} : { attention }),
    ...(decodeAttention === undefined ? {} : { decodeAttention }),
  };
}

/** The plan of dispatches, built anew when the check of its kernels strikes one out. @throws ShaderFailed */
async function compile(
  build: (variants: Partial<KernelVariants>) => OpBuilder,
  options: RunnerOptions,
): Promise<{ readonly variants: KernelVariants; readonly dispatches: readonly Dispatch[] }> {
  const { selector } = options;
  if (selector === undefined) {
    const ops = build(chosenVariants(options));
    return { variants: ops.variants, dispatches: await ops.finish() };
  }
  let variants = await selector.first();
  for (;;) {
    const ops = build(variants);
    const compiling = ops.finish();
    compiling.catch(() => undefined);
    const checked = await selector.check(variants, ops.kernels);
    if (checked === variants) return { variants, dispatches: await compiling };
    variants = checked;
  }
}

/** Runs allocations in one error scope. @throws OutOfMemory before a single weight is read */
async function allocateAll<T>(gpu: Gpu, allocate: () => T): Promise<T> {
  gpu.device.pushErrorScope('out-of-memory');
  let made: T;
  try {
    made = allocate();
  } catch (error) {
    await gpu.device.popErrorScope();
    throw error;
  }
  const problem = await gpu.device.popErrorScope();
  if (problem === null) return made;
  throw new LinnetError(
    'OutOfMemory',
    `The GPU has no room for this model (${problem.message}). Choose a smaller model or context, or close other tabs.`,
  );
}
