/**
 * Logits for the checks of the sampler's kernels, which are made for one vocabulary: rows of that length, of which few are candidates,
 * so that the oracle is quick; the segments they lie in, and what a group of them comes to. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { encodeSampleRow, RECORD_STATUS, SAMPLE_ROW_BYTES, type SampleRow } from '../sample/layout.ts';
import { keyOfBits } from './sample-rows.ts';
import { EPS32, exactly, type Expected } from './tolerance.ts';
import { signed, wholeBelow, type Random } from './values.ts';

export const [CHUNK_LOGITS, CHUNK_GROUPS] = [4096, 64];
export const GROUP_WORDS = 4;
const NUM_CANDIDATES = 300;
/** What words hold that nothing writes. */
export const UNWRITTEN = 0x5a5a5a5a;
export const NUM_SLOTS = 2;
/** The slot whose counts rows go by; what the other one has nobody may read or change. */
export const SLOT = 1;

export interface LogitShape {
  readonly vocabSize: number;
  readonly segmentLength: number;
  readonly numSegments: number;
  readonly groupsPerSegment: number;
}

export function shapeOf({ constants }: Kernel): LogitShape {
  const [vocabSize = 1, segmentLength = 64, numSegments = 1] = ['VOCAB_SIZE', 'SEGMENT_LENGTH', 'NUM_SEGMENTS'].map(
    (name) => constants[name],
  );
  const groupsPerSegment = Math.ceil(segmentLength / CHUNK_LOGITS) * CHUNK_GROUPS;
  return { vocabSize, segmentLength, numSegments, groupsPerSegment };
}

/** Some candidates, the first and the last token among them, two of them the largest; all others are out of the question. */
export function logitsOf({ vocabSize }: LogitShape, random: Random): Float32Array<ArrayBuffer> {
  const logits = new Float32Array(vocabSize).fill(-Infinity);
  for (let i = 0; i < NUM_CANDIDATES; i++) logits[wholeBelow(random, vocabSize)] = 3 * signed(random);
  logits[0] = 1;
  logits[vocabSize - 1] = 10.5;
  // Most often of the same group.
  logits[vocabSize > 64 ? vocabSize - 65 : 0] = 10.5;
  return logits;
}

/** One segment of rows of logits; the padding is large, to be noticed. */
export function segmentOf(
  shape: LogitShape,
  segment: number,
  rows: readonly Float32Array[],
): Float32Array<ArrayBuffer> {
  const { segmentLength, vocabSize } = shape;
  const out = new Float32Array(rows.length * segmentLength).fill(1e9);
  rows.forEach((row, r) => {
    out.set(
      row.subarray(segment * segmentLength, Math.min(vocabSize, (segment + 1) * segmentLength)),
      r * segmentLength,
    );
  });
  return out;
}

export function packRows(rows: readonly SampleRow[]): Uint32Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(rows.length * SAMPLE_ROW_BYTES));
  rows.forEach((row, r) => {
    encodeSampleRow(view, r, row);
  });
  return new Uint32Array(view.buffer);
}

/** Ids of the logits that one thread takes, within the vocabulary. */
export function idsOf({ segmentLength, vocabSize }: LogitShape, segment: number, group: number): readonly number[] {
  const start = Math.floor(group / CHUNK_GROUPS) * CHUNK_LOGITS;
  const numSteps = Math.min(CHUNK_LOGITS / CHUNK_GROUPS, (segmentLength - start) / CHUNK_GROUPS);
  const first = segment * segmentLength + start + (group % CHUNK_GROUPS);
  return Array.from({ length: numSteps }, (_, step) => first + step * CHUNK_GROUPS).filter((id) => id < vocabSize);
}

const SCRATCH = new Float32Array(1);
const SCRATCH_BITS = new Uint32Array(SCRATCH.buffer);

export function keyOfLogit(logit: number): number {
  if (logit === -Infinity) return 0;
  SCRATCH[0] = logit;
  return keyOfBits(SCRATCH_BITS[0] ?? 0);
}

/** Words of groups as the first kernel leaves them, with keys and, where `withSums`, sums: what the other kernels take. */
export function groupsOf(
  shape: LogitShape,
  logits: readonly Float32Array[],
  withSums: boolean,
): Uint32Array<ArrayBuffer> {
  const { numSegments, groupsPerSegment, segmentLength } = shape;
  const groups = new Uint32Array(logits.length * numSegments * groupsPerSegment * GROUP_WORDS);
  const sums = new Float32Array(groups.buffer);
  const groupAt = (row: number, id: number) => {
    const inSegment = id % segmentLength;
    const group = Math.floor(inSegment / CHUNK_LOGITS) * CHUNK_GROUPS + (inSegment % CHUNK_GROUPS);
    return ((row * numSegments + Math.floor(id / segmentLength)) * groupsPerSegment + group) * GROUP_WORDS;
  };
  logits.forEach((row, r) => {
    const largest = new Map<number, number>();
    const candidates = candidatesOf(row);
    for (const { id, logit } of candidates) {
      const at = groupAt(r, id);
      largest.set(at, Math.max(largest.get(at) ?? -Infinity, logit));
    }
    for (const [at, logit] of largest) groups.set([keyOfLogit(logit), 0, keyOfLogit(logit), 0], at);
    for (const { id, logit } of withSums ? candidates : []) {
      const at = groupAt(r, id);
      sums[at + 1] = (sums[at + 1] ?? NaN) + Math.exp(logit - (largest.get(at) ?? NaN));
    }
  });
  return groups;
}

export interface Candidate {
  readonly id: number;
  readonly logit: number;
}

/** By their ids. */
export function candidatesOf(logits: Float32Array): readonly Candidate[] {
  const candidates: Candidate[] = [];
  logits.forEach((logit, id) => {
    if (logit > -Infinity) candidates.push({ id, logit });
  });
  return candidates;
}

/** The ids that have something to them: the first and the last candidates, and those around the border of segments. */
export function chosenIds(shape: LogitShape, logits: Float32Array): readonly number[] {
  const ids = candidatesOf(logits).map(({ id }) => id);
  const second = ids.filter((id) => id >= shape.segmentLength);
  const first = ids.filter((id) => id < shape.segmentLength);
  return [...new Set([...first.slice(0, 4), ...first.slice(-3), ...second.slice(0, 3), ...second.slice(-3)])];
}

/** Key of the largest, sum of exponentials, key again, status. */
export function groupWords(values: readonly number[], withSum: boolean): readonly Expected[] {
  const keys = values.map(keyOfLogit);
  const key = keys.reduce((a, b) => Math.max(a, b), 0);
  const candidates = values.filter((_, i) => keys[i] !== 0);
  const largest = candidates.reduce((a, b) => Math.max(a, b), -Infinity);
  const terms = withSum ? candidates.map((value) => Math.exp(value - largest)) : [];
  const sum = terms.reduce((a, b) => a + b, 0);
  // exp is off by 3 + 2 |x| ulp of what is at most 1, so by 4 at most; then as many sums.
  const tolerance = EPS32 * (4 * terms.length + terms.length * sum);
  const status = values.some((value) => Number.isNaN(value)) ? RECORD_STATUS.nan : 0;
  return [exactly(key), { value: sum, tolerance }, exactly(key), exactly(status)];
}
