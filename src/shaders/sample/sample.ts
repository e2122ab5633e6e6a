/**
 * The sampler's kernels, and how they are dispatched: from logits [segment][row][segmentLength] to a record per row.
 * Per batch: groups (or adjust, when some row has a bias, a penalty or a mask) once per segment; pick; logprobs when some
 * row wants them; countPicked once per segment when some row has penalties. It knows nothing of devices or parameters.
 */
import logitKeyWgsl from '../lib/logit_key.wgsl?raw';
import rngWgsl from '../lib/rng.wgsl?raw';
import type { BindingKind, Kernel } from '../kernel.ts';
import narrowWgsl from './narrow.wgsl?raw';
import rowsWgsl from './rows.wgsl?raw';
import adjustWgsl from './sample_adjust.wgsl?raw';
import countListWgsl from './sample_count_list.wgsl?raw';
import countPickedWgsl from './sample_count_picked.wgsl?raw';
import groupsWgsl from './sample_groups.wgsl?raw';
import logprobsWgsl from './sample_logprobs.wgsl?raw';
import pickWgsl from './sample_pick.wgsl?raw';
import selectWgsl from './select.wgsl?raw';
import { RECORD_BYTES, SAMPLE_ROW_BYTES } from './layout.ts';

/** 256 for GPUs; 8 for CPUs that stand in for one, where a row has one core and every barrier costs a switch per thread. */
export type SampleWorkgroupSize = 8 | 256;

/** What the kernels are specialised for: one model on one device. */
export interface SampleShape {
  /** At most 262 144, so that sums of 28-bit weights fit. */
  readonly vocabSize: number;
  /** A multiple of 64; `numSegments * segmentLength >= vocabSize`. */
  readonly segmentLength: number;
  readonly numSegments: 1 | 2;
  /** Threads per row in pick and logprobs; the draws do not depend on it. */
  readonly workgroupSize: SampleWorkgroupSize;
}

export interface SampleKernels {
  /** One per segment. Bindings: rows, logits, groups. */
  readonly groups: readonly Kernel[];
  /** One per segment. Bindings: rows, logits, groups, counts, bias, mask, adjusted. */
  readonly adjust: readonly Kernel[];
  /** Bindings: rows, values0, values1, groups, records, tokens. Values are adjusted or raw logits, a segment each. */
  readonly pick: Kernel;
  /** Bindings: rows, values0, values1, groups, records. Values are the raw logits. */
  readonly logprobs: Kernel;
  /** One per segment. Bindings: list, counts. */
  readonly countList: readonly Kernel[];
  /** One per segment. Bindings: rows, records, counts. */
  readonly countPicked: readonly Kernel[];
}

const CHUNK_LOGITS = 4096;
const CHUNK_GROUPS = 64;
const GROUP_BYTES = 16;
const MAX_VOCAB = 262144;

/** @throws RangeError for a shape the kernels cannot take. */
export function sampleKernels(shape: SampleShape): SampleKernels {
  checkShape(shape);
  const size = `v${String(shape.vocabSize)}_l${String(shape.segmentLength)}`;
  const constants = {
    VOCAB_SIZE: shape.vocabSize,
    SEGMENT_LENGTH: shape.segmentLength,
    NUM_SEGMENTS: shape.numSegments,
  };
  const perRow = (op: string, wgsl: readonly string[], bindings: readonly BindingKind[]): Kernel => ({
    name: `sample_${op}_${size}_w${String(shape.workgroupSize)}`,
    code: [logitKeyWgsl, rowsWgsl, selectWgsl, narrowWgsl, ...wgsl].join('\n'),
    bindings,
    constants: { ...constants, WG_SIZE: shape.workgroupSize },
    features: [],
  });
  const perSegment = (op: string, wgsl: string, bindings: readonly BindingKind[]): Kernel[] =>
    Array.from({ length: shape.numSegments }, (_, segment) => ({
      name: `sample_${op}_${size}_s${String(segment)}`,
      code: [logitKeyWgsl, rowsWgsl, wgsl].join('\n'),
      bindings,
      constants: { ...constants, SEGMENT: segment },
      features: [],
    }));
  return {
    groups: perSegment('groups', groupsWgsl, ['read', 'read', 'readWrite']),
    adjust: perSegment('adjust', adjustWgsl, ['read', 'read', 'readWrite', 'read', 'read', 'read', 'readWrite']),
    pick: perRow('pick', [rngWgsl, pickWgsl], ['read', 'read', 'read', 'read', 'readWrite', 'readWrite']),
    logprobs: perRow('logprobs', [logprobsWgsl], ['read', 'read', 'read', 'read', 'readWrite']),
    countList: perSegment('count_list', countListWgsl, ['read', 'readWrite']),
    countPicked: perSegment('count_picked', countPickedWgsl, ['read', 'read', 'readWrite']),
  };
}

/** Workgroups of each kernel, x and y. */
export function sampleWorkgroups(shape: SampleShape, numRows: number) {
  const perSegment = [Math.ceil(shape.segmentLength / CHUNK_LOGITS), numRows] as const;
  const perRow = [numRows, 1] as const;
  return {
    groups: perSegment,
    adjust: perSegment,
    pick: perRow,
    logprobs: perRow,
    countPicked: perRow,
    countList: (numTokens: number) => [Math.ceil(numTokens / 64), 1] as const,
  };
}

/** Bytes of each buffer or, where there are segments, of each segment of it. */
export function sampleBytes(shape: SampleShape, numRows: number, numSlots: number) {
  const groupsPerSegment = Math.ceil(shape.segmentLength / CHUNK_LOGITS) * CHUNK_GROUPS;
  return {
    rows: numRows * SAMPLE_ROW_BYTES,
    logitsPerSegment: numRows * shape.segmentLength * 4,
    groups: numRows * shape.numSegments * groupsPerSegment * GROUP_BYTES,
    countsPerSegment: numSlots * shape.segmentLength * 4,
    maskPerRow: Math.ceil(shape.vocabSize / 32) * 4,
    records: numRows * RECORD_BYTES,
  };
}

/** The words of a list for `countList`: tokens of the prompt are marked, generated ones counted. */
export function encodeTokenList(slot: number, promptIds: readonly number[], generatedIds: readonly number[]) {
  const marked = promptIds.map((id) => (id | 0x80000000) >>> 0);
  return Uint32Array.from([slot, promptIds.length + generatedIds.length, ...marked, ...generatedIds]);
}

function checkShape({ vocabSize, segmentLength, numSegments }: SampleShape): void {
  if (vocabSize < 1 || vocabSize > MAX_VOCAB)
    throw new RangeError(`vocabSize ${String(vocabSize)} is not 1..${String(MAX_VOCAB)}`);
  if (segmentLength % 64 !== 0) throw new RangeError(`segmentLength ${String(segmentLength)} is no multiple of 64`);
  if (numSegments * segmentLength < vocabSize) throw new RangeError('the segments are shorter than the vocabulary');
}
