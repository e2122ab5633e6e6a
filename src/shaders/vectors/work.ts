/**
 * Work to time a kernel with, as large as a model's: a product with a matrix of some megabytes for one generated row or 64
 * prompt rows, the attention of 64 prompt rows behind 192 others, or of a generated row behind 2000. The numbers in it are
 * of no interest. Runs nothing.
 */
import { paddedRowElements, type BlockType } from '../blocks/block-type.ts';
import { LINEAR_PARAMS } from '../linear/linear.ts';
import type { KernelNeeds, Subject } from '../variants.ts';
import { attentionWork } from './attention-check.ts';
import { packParams, packStepRows, type CheckRun } from './check.ts';
import { decodeWork } from './decode-check.ts';
import { gridOf, isInt8, isNormed, isPrompt, type LinearSubject } from './linear-check.ts';

const MATRIX_BYTES = 8 * 2 ** 20;
const MAX_OUTPUTS = 16384;
const PROMPT_ROWS = 64;
/** Quants that mean nothing, under scales of about 0.07, wherever a half may lie. */
const PATTERN = 0x2c662c66;

/** Experts are not timed: what a variant takes for them, it takes for other products. */
export type TimedSubject = Exclude<Subject, { op: 'expertGemm' | 'expertGemv' }>;

export function isTimed(subject: Subject): subject is TimedSubject {
  return subject.op !== 'expertGemm' && subject.op !== 'expertGemv';
}

export function workOf(subject: TimedSubject, { typical }: KernelNeeds): CheckRun {
  switch (subject.op) {
    case 'attention':
      return attentionWork(subject);
    case 'decodeAttention':
      return decodeWork(subject);
    case 'gemm':
    case 'gemv':
    case 'gated':
    case 'gemmInt8':
    case 'gemvInt8':
      return linearWork(subject, typical.rowElements);
  }
}

function linearWork(subject: LinearSubject, rowElements: number): CheckRun {
  const { type } = subject;
  const blocksPerRow = blocksOf(type, rowElements);
  const rowBytes = blocksPerRow * (type.quantBytes + type.scaleBytes);
  const numWeightRows = Math.min(MAX_OUTPUTS, Math.max(64, 2 * Math.floor(MATRIX_BYTES / rowBytes / 2)));
  const numOut = subject.op === 'gated' ? numWeightRows / 2 : numWeightRows;
  const numRows = isPrompt(subject) ? PROMPT_ROWS : 1;
  const numGroups = (blocksPerRow * type.gpuBlockElements) / 32;
  const plane = (blockBytes: number) =>
    new Uint32Array(Math.max(4, Math.ceil((numWeightRows * blocksPerRow * blockBytes) / 4))).fill(PATTERN);
  const params = packParams(
    LINEAR_PARAMS,
    {
      num_groups: numGroups,
      num_out: numWeightRows,
      x_stride: numGroups * 32,
      out_stride: numOut,
      out_offset: 0,
      head_rows: 0,
      add_to_out: 0,
      has_bias: 0,
      split_at: numOut,
      split_gap: 0,
      num_elements: rowElements,
      eps: 1e-5,
    },
    ['eps'],
  );
  const step = isPrompt(subject) ? packStepRows(numRows, 0) : packStepRows(0, numRows);
  const x = new Float32Array(numRows * numGroups * 32).fill(0.5);
  const out = new Float32Array(numRows * numOut);
  const planes = [plane(type.quantBytes), plane(type.scaleBytes)];
  const scales = isInt8(subject) ? [new Float32Array(numRows * numGroups * 2).fill(0.01)] : [];
  const norm = isNormed(subject) ? [new Float32Array(numGroups * 32).fill(1), new Uint32Array(4)] : [];
  return {
    bindings: [...planes, step, params, x, x.slice(0, 4), out, ...scales, ...norm],
    workgroups: gridOf(subject, numRows, numOut),
  };
}

function blocksOf(type: BlockType, rowElements: number): number {
  return Math.ceil(paddedRowElements(rowElements) / type.gpuBlockElements);
}
