/**
 * Times the matrix products alone: a weight of valid random blocks, one generated row for GEMV and some prompt rows for GEMM.
 * The limits take turns with the kernels, because what else the machine does changes from second to second.
 */
import { BLOCK_TYPES } from '../../src/shaders/blocks/index.ts';
import type { BlockType } from '../../src/shaders/blocks/block-type.ts';
import type { Kernel } from '../../src/shaders/kernel.ts';
import {
  int8Gemm,
  int8GemmWorkgroups,
  int8Gemv,
  int8GemvWorkgroups,
  isInt8,
  type Precision,
} from '../../src/shaders/linear/int8.ts';
import {
  gemmWorkgroups,
  gemvWorkgroups,
  LINEAR_PARAMS,
  linearGemm,
  linearGemv,
  type KernelTraits,
  type Workgroups,
} from '../../src/shaders/linear/linear.ts';
import { quantiseRowsRef } from '../../src/shaders/quantise/quantise.ref.ts';
import { defaultVariants } from '../../src/shaders/variants.ts';
import type { Words } from '../../src/shaders/vectors/check.ts';
import { planesOf, randomRows } from '../../src/shaders/vectors/blocks.ts';
import { randomFloats, seededRandom } from '../../src/shaders/testing/values.ts';
import { BUFFER_USAGE } from '../../src/worker/gpu/flags.ts';
import type { Gpu } from '../../src/worker/gpu/gpu.ts';
import { measureRates } from '../../src/worker/gpu/limits-probe/measure-rates.ts';
import { Probes } from '../../src/worker/gpu/limits-probe/probes.ts';
import { measurePace, type Stopwatch, type Work } from '../../src/worker/gpu/limits-probe/stopwatch.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import type { KernelVariants } from '../../src/worker/model/ops.ts';
import { openDawn } from '../node/dawn.ts';
import { clockOf, type ClockName } from '../node/device-clock.ts';
import type { GpuArguments } from '../node/gpu-arguments.ts';
import type { KernelRates, KernelReport } from './kernel-report.ts';

export interface KernelBenchOptions extends GpuArguments {
  readonly numOut: number;
  readonly width: number;
  readonly numPrompt: number;
  readonly numRounds: number;
  readonly precision: Precision;
  readonly clock: ClockName;
  /** Names; the four that 4-bit files are made of unless said. */
  readonly types?: readonly string[];
  /** Of the memory that is copied and read; what `measureRates` takes unless said. */
  readonly memoryBytes?: number;
}

const DEFAULT_TYPES: readonly string[] = ['Q4_0', 'Q8_0', 'Q4_K', 'Q6_K'];
/** Rows that are made; the rest repeats them. */
const DISTINCT_ROWS = 64;

export async function runKernelBench(options: KernelBenchOptions): Promise<KernelReport> {
  const { numOut, width, numPrompt } = options;
  if (numOut % DISTINCT_ROWS !== 0 || width % 256 !== 0) throw new Error('--rows: whole 64s; --width: whole 256s');
  const dawn = await openDawn({ adapter: options.adapter });
  const gpu = await openAdapter(dawn.adapter, { withoutFeatures: options.withoutFeatures });
  const nowMs = clockOf(options.clock);
  try {
    const { precision } = options;
    const variants = { ...defaultVariants(gpu.traits), ...options.variants };
    const types = BLOCK_TYPES.filter(({ name }) => (options.types ?? DEFAULT_TYPES).includes(name));
    const kernels: KernelRates[] = [];
    for (const type of types) kernels.push(await measureType(gpu, type, variants, options, nowMs));
    const { bytesPerSecond, flopsPerSecond, int8OpsPerSecond } = await measureRates(gpu, {
      nowMs,
      types: [],
      ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
    });
    return {
      adapter: dawn.description,
      precision,
      gemvVariant: precision === 'int8' ? variants.gemvInt8 : variants.gemv,
      gemmVariant: precision === 'int8' ? variants.gemmInt8 : variants.gemm,
      numOut,
      width,
      numPrompt,
      clock: options.clock,
      rates: { bytesPerSecond, flopsPerSecond, int8OpsPerSecond },
      kernels,
    };
  } finally {
    gpu.destroy();
  }
}

/** A kernel of a family, and its grid. */
interface Chosen {
  readonly kernel: Kernel;
  readonly grid: Workgroups;
}

function chosenFor(
  type: BlockType,
  variants: KernelVariants,
  traits: KernelTraits,
  { precision, numPrompt, numOut }: KernelBenchOptions,
): { readonly gemv: Chosen; readonly gemm: Chosen } {
  if (precision === 'exact') {
    const { gemv, gemm } = variants;
    return {
      gemv: { kernel: linearGemv(type, gemv, 'plain', traits), grid: gemvWorkgroups(gemv, 1, numOut) },
      gemm: { kernel: linearGemm(type, gemm, traits.subgroupMin), grid: gemmWorkgroups(numPrompt, numOut, gemm) },
    };
  }
  if (!isInt8(type)) throw new Error(`${type.name} is not multiplied in int8`);
  const { gemvInt8, gemmInt8 } = variants;
  return {
    gemv: { kernel: int8Gemv(type, gemvInt8, traits), grid: int8GemvWorkgroups(gemvInt8, 1, numOut) },
    gemm: { kernel: int8Gemm(type, gemmInt8, traits), grid: int8GemmWorkgroups(gemmInt8, numPrompt, numOut) },
  };
}

async function measureType(
  gpu: Gpu,
  type: BlockType,
  variants: KernelVariants,
  options: KernelBenchOptions,
  nowMs: () => number,
): Promise<KernelRates> {
  const { numOut, width, numPrompt, numRounds, precision } = options;
  const owner = gpu.owner();
  try {
    const product = new Product(owner, type, options);
    const chosen = chosenFor(type, variants, gpu.traits, options);
    const gemv = await product.work(chosen.gemv.kernel, chosen.gemv.grid, { numPrompt: 0, numGenerated: 1 });
    const gemm = await product.work(chosen.gemm.kernel, chosen.gemm.grid, { numPrompt, numGenerated: 0 });
    const probes = new Probes(owner);
    const registers = await (precision === 'int8' ? probes.dot4() : probes.dequantDot(type));
    if (registers === undefined) throw new Error(`${type.name} cannot be in registers`);
    // Of dot4I8Packed operations are counted, two a weight.
    const weightsPerIteration = registers.unitsPerIteration / (precision === 'int8' ? 2 : 1);
    const byUnits = precision === 'int8' ? undefined : await probes.unitDot(type);
    const works = [gemv, registers, gemm, ...(byUnits === undefined ? [] : [byUnits])];
    const best = await inTurns(works, { targetMs: 25, nowMs }, numRounds);
    const [gemvRate = NaN, registersRate = NaN, gemmRate = NaN, unitsRate = NaN] = best;
    const numWeights = numOut * width;
    return {
      type: type.name,
      gemv: gemvRate * numWeights,
      fromRegisters: registersRate * weightsPerIteration,
      byUnits: byUnits === undefined ? undefined : unitsRate * byUnits.unitsPerIteration,
      gemvBytes: gemvRate * product.planeBytes,
      gemm: gemmRate * 2 * numPrompt * numWeights,
    };
  } finally {
    owner.release();
  }
}

/** The best rate of each, in rounds of one run each. */
async function inTurns(
  works: readonly Work[],
  { targetMs, nowMs }: Pick<Stopwatch, 'targetMs' | 'nowMs'>,
  numRounds: number,
): Promise<readonly number[]> {
  const best = works.map(() => 0);
  const amounts: number[] = [];
  for (const [i, work] of works.entries()) {
    const pace = await measurePace(work, { nowMs, targetMs, numRepeats: 1, budgetMs: 0 });
    amounts.push(pace.amount);
    best[i] = pace.perSecond;
  }
  for (let round = 0; round < numRounds; round++) {
    for (const [i, work] of works.entries()) {
      const amount = amounts[i] ?? 1;
      const startMs = nowMs();
      await work.run(amount);
      best[i] = Math.max(best[i] ?? 0, (amount * 1000) / (nowMs() - startMs));
    }
  }
  return best;
}

/** One weight on the device and what its products need. */
class Product {
  readonly planeBytes: number;
  readonly #gpu: Gpu;
  readonly #shared: readonly GPUBuffer[];
  readonly #rest: readonly GPUBuffer[];

  constructor(gpu: Gpu, type: BlockType, { numOut, width, numPrompt, precision }: KernelBenchOptions) {
    this.#gpu = gpu;
    const random = seededRandom(7);
    const raw = randomRows(type, DISTINCT_ROWS, width, random, 12);
    const { quants, scales, numGroups } = planesOf(type, raw, DISTINCT_ROWS, width);
    const planes = [this.#tiled(quants, numOut), this.#tiled(scales, numOut)];
    this.planeBytes = (numOut / DISTINCT_ROWS) * (quants.byteLength + (type.scaleBytes > 0 ? scales.byteLength : 0));
    const params = LINEAR_PARAMS.map((field) => {
      switch (field) {
        case 'num_groups':
          return numGroups;
        case 'num_out':
        case 'out_stride':
        case 'split_at':
          return numOut;
        case 'x_stride':
          return width;
        case 'out_offset':
        case 'head_rows':
        case 'add_to_out':
        case 'has_bias':
        case 'split_gap':
        case 'num_elements':
        case 'eps':
          return 0;
      }
    });
    this.#shared = planes;
    const x = randomFloats(random, Math.max(1, numPrompt) * width);
    const rounded = quantiseRowsRef(x);
    const bytes = new Uint32Array(rounded.quants.buffer);
    const [first, ...others]: [Words, ...Words[]] = precision === 'int8' ? [bytes, rounded.scales] : [x];
    this.#rest = [
      this.#uniform(Uint32Array.from(params)),
      this.#storage(first),
      gpu.createStorage('bias', numOut * 4),
      gpu.createStorage('out', Math.max(1, numPrompt) * numOut * 4),
      ...others.map((words) => this.#storage(words)),
    ];
  }

  /** Its amount is how many times the kernel runs. */
  async work(
    kernel: Kernel,
    grid: Workgroups,
    { numPrompt, numGenerated }: { readonly numPrompt: number; readonly numGenerated: number },
  ): Promise<Work> {
    const { device } = this.#gpu;
    const step = this.#uniform(Uint32Array.of(numPrompt, numGenerated, 0, 0, 0, 0, 0, 0));
    const pipeline = await this.#gpu.pipeline(kernel);
    const buffers = [...this.#shared, step, ...this.#rest];
    const bindGroup = this.#gpu.bindGroup(
      kernel.name,
      pipeline,
      buffers.map((buffer) => ({ buffer })),
    );
    return {
      firstAmount: 1,
      maxAmount: 4096,
      async run(amount) {
        const encoder = device.createCommandEncoder({ label: kernel.name });
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline.pipeline);
        pass.setBindGroup(0, bindGroup);
        for (let i = 0; i < amount; i++) pass.dispatchWorkgroups(...grid);
        pass.end();
        device.queue.submit([encoder.finish()]);
        await device.queue.onSubmittedWorkDone();
      },
    };
  }

  #tiled(rows: Uint32Array<ArrayBuffer>, numOut: number): GPUBuffer {
    const times = numOut / DISTINCT_ROWS;
    const buffer = this.#gpu.createStorage('plane', times * rows.byteLength);
    for (let i = 0; i < times; i++) this.#gpu.device.queue.writeBuffer(buffer, i * rows.byteLength, rows);
    return buffer;
  }

  #storage(values: Words): GPUBuffer {
    const buffer = this.#gpu.createStorage('x', values.byteLength);
    this.#gpu.device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  }

  #uniform(words: Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.#gpu.createBuffer('uniform', words.byteLength, BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST);
    this.#gpu.device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }
}
