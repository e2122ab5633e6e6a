/**
 * Draws tokens on the GPU (P9): from the logits of a step to a record per row, in the step's own pass. Owns the counts of
 * tokens per slot that penalties need; makes what adjusting needs when a request first asks for it. Knows nothing of
 * sequences, text or scheduling; the kernels are in shaders/sample.
 */
import type { Kernel } from '../../shaders/kernel.ts';
import {
  decodeSampleRecord,
  encodeSampleRow,
  RECORD_BYTES,
  SAMPLE_ROW_BYTES,
  type SampleRecord,
} from '../../shaders/sample/layout.ts';
import {
  encodeTokenList,
  sampleBytes,
  sampleKernels,
  sampleWorkgroups,
  type SampleKernels,
  type SampleShape,
} from '../../shaders/sample/sample.ts';
import type { ModelSizes } from '../model/sizes.ts';
import { MAX_LOGIT_BIASES, needsAdjusting, needsCounts, type ResolvedSamplingParams } from '../sampling/params.ts';
import { packLogitBias, sampleRowOf } from './sample-row.ts';
import type { BufferRange, Gpu, Pipeline } from './gpu.ts';
import { Readback } from './readback.ts';

export interface SampleRequest {
  readonly params: ResolvedSamplingParams;
  /** Position of the token that is drawn. */
  readonly position: number;
  /** Draft tokens before it, which the requests right before this one drew over, and the last of them. */
  readonly numDrafts?: number;
  readonly draft?: number | undefined;
  /** [ceil(vocabSize / 32)], a bit for each token: whether it may be drawn. Default: all may. */
  readonly mask?: Uint32Array | undefined;
  /** From `acquireSlot`, for requests with penalties. */
  readonly slot: number;
}

interface Bound {
  readonly pipeline: Pipeline;
  readonly bindGroup: GPUBindGroup;
}

/** Everything for bias, penalties and masks; made at the first request that has any. */
interface Adjusting {
  readonly counts: readonly BufferRange[];
  readonly list: BufferRange;
  readonly bias: BufferRange;
  readonly mask: BufferRange;
  readonly adjust: readonly Bound[];
  readonly pick: Bound;
  readonly countList: readonly Bound[];
  readonly countPicked: readonly Bound[];
}

/** Sequences with penalties at a time. */
const MAX_SLOTS = 16;

function samplerShape({ traits }: Pick<Gpu, 'traits'>, vocabSize: number, { logits }: ModelSizes): SampleShape {
  return {
    vocabSize,
    segmentLength: logits.segmentLength,
    numSegments: logits.numSegments === 1 ? 1 : 2,
    workgroupSize: traits.software ? 8 : 256,
  };
}

/** What every draw takes, and what only requests with penalties, biases or log-probabilities do. */
export function drawKernels(
  gpu: Pick<Gpu, 'traits'>,
  vocabSize: number,
  sizes: ModelSizes,
): { readonly always: readonly Kernel[]; readonly onRequest: readonly Kernel[] } {
  const { groups, pick, adjust, countList, countPicked, logprobs } = sampleKernels(samplerShape(gpu, vocabSize, sizes));
  return { always: [...groups, pick], onRequest: [...adjust, ...countList, ...countPicked, logprobs] };
}

/** To be awaited before kernels are used for the first time. @throws ShaderFailed for one that is wrong */
export type BeforeUse = (kernels: readonly Kernel[]) => Promise<void>;

export class GpuSampler {
  readonly #gpu: Gpu;
  readonly #shape: SampleShape;
  readonly #kernels: SampleKernels;
  readonly #maxRows: number;
  readonly #maxListTokens: number;
  readonly #logits: readonly BufferRange[];
  readonly #rowWords: DataView<ArrayBuffer>;
  readonly #rows: BufferRange;
  readonly #groups: BufferRange;
  readonly #records: BufferRange;
  readonly #tokens: BufferRange;
  readonly #readback: Readback;
  readonly #numSlots: number;
  readonly #freeSlots: number[];
  #bound: { readonly groups: readonly Bound[]; readonly pick: Bound } | undefined;
  #logprobs: Bound | undefined;
  #adjusting: Adjusting | undefined;
  #making: { adjusting?: Promise<Adjusting>; logprobs?: Promise<Bound> } = {};

  readonly #beforeUse: BeforeUse;

  private constructor(
    gpu: Gpu,
    vocabSize: number,
    sizes: ModelSizes,
    logits: readonly BufferRange[],
    beforeUse: BeforeUse,
  ) {
    this.#gpu = gpu;
    this.#beforeUse = beforeUse;
    this.#shape = samplerShape(gpu, vocabSize, sizes);
    this.#kernels = sampleKernels(this.#shape);
    this.#maxRows = sizes.logits.numRows;
    this.#maxListTokens = sizes.contextLength;
    const slotBytes = this.#shape.segmentLength * 4;
    this.#numSlots = Math.max(1, Math.min(MAX_SLOTS, Math.floor(gpu.limits.maxBindingBytes / slotBytes)));
    this.#freeSlots = Array.from({ length: this.#numSlots }, (_, slot) => slot).reverse();
    this.#logits = logits;
    const bytes = sampleBytes(this.#shape, this.#maxRows, this.#numSlots);
    this.#rowWords = new DataView(new ArrayBuffer(this.#maxRows * SAMPLE_ROW_BYTES));
    this.#rows = { buffer: gpu.createStorage('sample.rows', bytes.rows) };
    this.#groups = { buffer: gpu.createStorage('sample.groups', bytes.groups) };
    this.#records = { buffer: gpu.createStorage('sample.records', bytes.records) };
    this.#tokens = { buffer: gpu.createStorage('sample.tokens', this.#maxRows * 4) };
    this.#readback = new Readback(gpu, 'sample.readback', bytes.records);
  }

  static async create(
    gpu: Gpu,
    vocabSize: number,
    sizes: ModelSizes,
    logits: readonly BufferRange[],
    beforeUse: BeforeUse = () => Promise.resolve(),
  ): Promise<GpuSampler> {
    const sampler = new GpuSampler(gpu, vocabSize, sizes, logits, beforeUse);
    const [first, second = first] = logits;
    if (first === undefined || second === undefined) throw new RangeError('there are no logits');
    const rows = sampler.#rows;
    const [groups, pick] = await Promise.all([
      sampler.#bindSegments(sampler.#kernels.groups, (_, segment) => [rows, segment, sampler.#groups]),
      sampler.#bind(sampler.#kernels.pick, [rows, first, second, sampler.#groups, sampler.#records, sampler.#tokens]),
    ]);
    sampler.#bound = { groups, pick };
    return sampler;
  }

  /** [maxRows] u32: the ids drawn by the last step that was recorded, one for each of its rows of logits. */
  get drawnIds(): GPUBuffer {
    return this.#tokens.buffer;
  }

  /** A slot for the counts of a sequence with penalties, or undefined when all are taken: then wait. */
  acquireSlot(): number | undefined {
    return this.#freeSlots.pop();
  }

  releaseSlot(slot: number): void {
    this.#freeSlots.push(slot);
  }

  /** Makes ready for requests of this kind. To be awaited once before the first step of a request. @throws ShaderFailed */
  async prepare(params: ResolvedSamplingParams, isMasked = false): Promise<void> {
    try {
      if (isMasked || needsAdjusting(params))
        this.#adjusting = await (this.#making.adjusting ??= this.#makeAdjusting());
      if (params.topLogprobs !== undefined) this.#logprobs = await (this.#making.logprobs ??= this.#makeLogprobs());
    } catch (error) {
      // A promise that failed must not be kept.
      this.#making = {};
      throw error;
    }
  }

  /** Counts a sequence's tokens so far into its slot; submitted at once, before the step that draws. */
  countTokens(slot: number, promptIds: readonly number[], generatedIds: readonly number[]): void {
    const adjusting = this.#adjusting;
    if (adjusting === undefined) return;
    const words = encodeTokenList(slot, promptIds.slice(-this.#maxListTokens), generatedIds);
    this.#gpu.device.queue.writeBuffer(adjusting.list.buffer, 0, words);
    const encoder = this.#gpu.device.createCommandEncoder({ label: 'sample.count' });
    const slotBytes = this.#shape.segmentLength * 4;
    for (const counts of adjusting.counts)
      encoder.clearBuffer(counts.buffer, (counts.offsetBytes ?? 0) + slot * slotBytes, slotBytes);
    const pass = encoder.beginComputePass({ label: 'sample.count' });
    const [x, y] = sampleWorkgroups(this.#shape, 1).countList(words.length - 2);
    for (const bound of adjusting.countList) this.#dispatch(pass, bound, x, y);
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
    this.#gpu.counters.numSubmits += 1;
  }

  /** Records the draw for the step's logit rows, in their order. */
  record(pass: GPUComputePassEncoder, requests: readonly SampleRequest[]): void {
    const bound = this.#bound;
    if (bound === undefined || requests.length > this.#maxRows) throw new RangeError('more rows than the sampler has');
    const numRows = requests.length;
    this.#writeRows(requests);
    const grid = sampleWorkgroups(this.#shape, numRows);
    const isAdjusted = requests.some(({ params, mask }) => mask !== undefined || needsAdjusting(params));
    const adjusting = isAdjusted ? this.#adjusting : undefined;
    for (const first of adjusting?.adjust ?? bound.groups) this.#dispatch(pass, first, ...grid.groups);
    this.#dispatch(pass, adjusting?.pick ?? bound.pick, ...grid.pick);
    if (this.#logprobs !== undefined && requests.some(({ params }) => params.topLogprobs !== undefined)) {
      this.#dispatch(pass, this.#logprobs, ...grid.logprobs);
    }
    if (adjusting !== undefined && requests.some(({ params }) => needsCounts(params))) {
      for (const count of adjusting.countPicked) this.#dispatch(pass, count, ...grid.countPicked);
    }
  }

  /** Records the way back of `numRows` records; call the result after the submit, and before three more are recorded. */
  recordReadback(encoder: GPUCommandEncoder, numRows: number): () => Promise<readonly SampleRecord[]> {
    const read = this.#readback.record(encoder, this.#records.buffer, numRows * RECORD_BYTES);
    return async () => {
      const bytes = await read();
      return Array.from({ length: numRows }, (_, row) => decodeSampleRecord(bytes, row));
    };
  }

  #writeRows(requests: readonly SampleRequest[]): void {
    const { queue } = this.#gpu.device;
    const bias = packLogitBias(requests.map(({ params }) => params.logitBias));
    const masks = requests.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
    let numMasks = 0;
    requests.forEach(({ params, position, numDrafts = 0, draft, slot, mask }, row) => {
      const maskPlace = mask === undefined ? {} : { maskOffset: numMasks++ * this.#maskWords };
      encodeSampleRow(
        this.#rowWords,
        row,
        sampleRowOf(params, {
          position,
          numDrafts,
          draft,
          slot,
          tokenIndex: row,
          biasOffset: bias.offsets[row] ?? 0,
          ...maskPlace,
        }),
      );
    });
    queue.writeBuffer(this.#rows.buffer, 0, this.#rowWords.buffer, 0, requests.length * SAMPLE_ROW_BYTES);
    if (bias.words.length > 0 && this.#adjusting !== undefined)
      queue.writeBuffer(this.#adjusting.bias.buffer, 0, bias.words);
    if (masks.length > 0) this.#writeMasks(masks);
  }

  #writeMasks(masks: readonly Uint32Array[]): void {
    const adjusting = this.#adjusting;
    if (adjusting === undefined) throw new RangeError('a mask without what applies it');
    const words = new Uint32Array(masks.length * this.#maskWords);
    masks.forEach((mask, i) => {
      words.set(mask.subarray(0, this.#maskWords), i * this.#maskWords);
    });
    this.#gpu.device.queue.writeBuffer(adjusting.mask.buffer, 0, words);
  }

  get #maskWords(): number {
    return Math.ceil(this.#shape.vocabSize / 32);
  }

  async #makeLogprobs(): Promise<Bound> {
    await this.#beforeUse([this.#kernels.logprobs]);
    const [first, second = first] = this.#logits;
    if (first === undefined || second === undefined) throw new RangeError('there are no logits');
    return await this.#bind(this.#kernels.logprobs, [this.#rows, first, second, this.#groups, this.#records]);
  }

  async #makeAdjusting(): Promise<Adjusting> {
    const gpu = this.#gpu;
    await this.#beforeUse([...this.#kernels.adjust, ...this.#kernels.countList, ...this.#kernels.countPicked]);
    const bytes = sampleBytes(this.#shape, this.#maxRows, this.#numSlots);
    const perSegment = (label: string, sizeBytes: number): readonly BufferRange[] =>
      this.#logits.map((_, i) => ({ buffer: gpu.createStorage(`sample.${label}[${String(i)}]`, sizeBytes) }));
    const adjusted = perSegment('adjusted', bytes.logitsPerSegment);
    const counts = perSegment('counts', bytes.countsPerSegment);
    const bias = { buffer: gpu.createStorage('sample.bias', this.#maxRows * MAX_LOGIT_BIASES * 8) };
    const mask = { buffer: gpu.createStorage('sample.mask', this.#maxRows * bytes.maskPerRow) };
    const list = { buffer: gpu.createStorage('sample.list', (this.#maxListTokens * 2 + 2) * 4) };
    const [first, second = first] = adjusted;
    if (first === undefined || second === undefined) throw new RangeError('there are no logits');
    const rows = this.#rows;
    const at = (ranges: readonly BufferRange[], i: number): BufferRange => ranges[i] ?? first;
    const [adjust, pick, countList, countPicked] = await Promise.all([
      this.#bindSegments(this.#kernels.adjust, (i, segment) => [
        rows,
        segment,
        this.#groups,
        at(counts, i),
        bias,
        mask,
        at(adjusted, i),
      ]),
      this.#bind(this.#kernels.pick, [rows, first, second, this.#groups, this.#records, this.#tokens]),
      this.#bindSegments(this.#kernels.countList, (i) => [list, at(counts, i)]),
      this.#bindSegments(this.#kernels.countPicked, (i) => [rows, this.#records, at(counts, i)]),
    ]);
    return { counts, list, bias, mask, adjust, pick, countList, countPicked };
  }

  #bindSegments(
    kernels: readonly Kernel[],
    ranges: (index: number, logits: BufferRange) => readonly BufferRange[],
  ): Promise<readonly Bound[]> {
    return Promise.all(
      this.#logits.map((segment, i) => {
        const kernel = kernels[i];
        if (kernel === undefined) throw new RangeError('a segment without a kernel');
        return this.#bind(kernel, ranges(i, segment));
      }),
    );
  }

  async #bind(kernel: Kernel, ranges: readonly BufferRange[]): Promise<Bound> {
    const pipeline = await this.#gpu.pipeline(kernel);
    return { pipeline, bindGroup: this.#gpu.bindGroup(kernel.name, pipeline, ranges) };
  }

  #dispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup }: Bound, x: number, y: number): void {
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(x, y, 1);
    this.#gpu.counters.numDispatches += 1;
  }
}
