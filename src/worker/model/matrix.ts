/**
 * A weight matrix on the GPU: a list of row shards, each within the binding limit, each a buffer with two planes.
 * Planning is pure; nothing here reads files or knows what a matrix is for.
 */
import { paddedRowElements, rowsPerScaleWord, type BlockType } from '../../shaders/blocks/block-type.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange, PlanningLimits } from '../gpu/gpu.ts';

export interface ShardPlan {
  /** In a paired matrix: of each half. */
  readonly firstRow: number;
  readonly numRows: number;
  readonly quantBytes: number;
  /** Offset of the scales plane in the shard's buffer, 256-byte aligned. */
  readonly scaleOffsetBytes: number;
  readonly scaleBytes: number;
  readonly sizeBytes: number;
}

export interface MatrixPlan {
  readonly label: string;
  readonly type: BlockType;
  readonly numRows: number;
  readonly rowElements: number;
  /** Groups of 32 in a padded row. */
  readonly numGroups: number;
  /** Two tensors of one size: every shard holds rows of the first and, behind them, the same rows of the second. */
  readonly paired: boolean;
  readonly shards: readonly ShardPlan[];
  readonly sizeBytes: number;
}

export interface MatrixShard extends ShardPlan {
  readonly quants: BufferRange;
  readonly scales: BufferRange;
}

export interface GpuMatrix extends MatrixPlan {
  readonly shards: readonly MatrixShard[];
}

/** A shard never crosses a multiple of `cutRows` (the vocabulary's segments). @throws LimitExceeded */
export function planMatrix(
  label: string,
  type: BlockType,
  numRows: number,
  rowElements: number,
  limits: PlanningLimits,
  cutRows = Infinity,
): MatrixPlan {
  const rowsPerShard = Math.min(numRows, wholeRows(mostRows(type, rowElements, limits), type, rowElements));
  if (rowsPerShard < 1) throw tooLong(label, type, rowElements, limits);
  const shards: ShardPlan[] = [];
  for (let firstRow = 0; firstRow < numRows;) {
    const toCut = cutRows - (firstRow % cutRows);
    const rows = Math.min(rowsPerShard, numRows - firstRow, Number.isFinite(toCut) ? toCut : Infinity);
    shards.push(planShard(type, firstRow, rows, rowElements));
    firstRow += rows;
  }
  return finishPlan(label, type, numRows, rowElements, false, shards);
}

/**
 * Two tensors of `numPairs` rows each (whole words of scales, see rowsPerScaleWord) in shards of as many rows of either. @throws LimitExceeded
 */
export function planPairedMatrix(
  label: string,
  type: BlockType,
  numPairs: number,
  rowElements: number,
  limits: PlanningLimits,
): MatrixPlan {
  const most = Math.floor(mostRows(type, rowElements, limits) / 2);
  const pairsPerShard = Math.min(numPairs, wholeRows(most, type, rowElements));
  if (pairsPerShard < 1) throw tooLong(label, type, 2 * rowElements, limits);
  const shards: ShardPlan[] = [];
  for (let first = 0; first < numPairs; first += pairsPerShard) {
    shards.push(planShard(type, first, 2 * Math.min(pairsPerShard, numPairs - first), rowElements));
  }
  return finishPlan(label, type, 2 * numPairs, rowElements, true, shards);
}

/** Rows that fit one binding and one buffer. */
function mostRows(type: BlockType, rowElements: number, limits: PlanningLimits): number {
  const { quantRowBytes, scaleRowBytes } = rowBytesOf(type, rowElements);
  return Math.min(
    Math.floor(limits.maxBindingBytes / quantRowBytes),
    Math.floor((limits.maxBufferBytes - 512) / (quantRowBytes + scaleRowBytes)),
  );
}

/** As many of `most` rows as fill whole words of scales, so that the next rows (of another half) begin at one. */
function wholeRows(most: number, type: BlockType, rowElements: number): number {
  return most - (most % (most >= 8 ? 8 : rowsPerScaleWord(type, rowElements)));
}

function rowBytesOf(type: BlockType, rowElements: number) {
  const blocksPerRow = paddedRowElements(rowElements) / type.gpuBlockElements;
  return { quantRowBytes: blocksPerRow * type.quantBytes, scaleRowBytes: blocksPerRow * type.scaleBytes };
}

function planShard(type: BlockType, firstRow: number, numRows: number, rowElements: number): ShardPlan {
  const { quantRowBytes, scaleRowBytes } = rowBytesOf(type, rowElements);
  const quantBytes = numRows * quantRowBytes;
  const scaleBytes = Math.ceil((numRows * scaleRowBytes) / 4) * 4;
  const scaleOffsetBytes = Math.ceil(quantBytes / 256) * 256;
  const sizeBytes = scaleBytes === 0 ? quantBytes : scaleOffsetBytes + scaleBytes;
  return { firstRow, numRows, quantBytes, scaleOffsetBytes, scaleBytes, sizeBytes };
}

function finishPlan(
  label: string,
  type: BlockType,
  numRows: number,
  rowElements: number,
  paired: boolean,
  shards: readonly ShardPlan[],
): MatrixPlan {
  const sizeBytes = shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
  return {
    label,
    type,
    numRows,
    rowElements,
    numGroups: paddedRowElements(rowElements) / 32,
    paired,
    shards,
    sizeBytes,
  };
}

function tooLong(label: string, type: BlockType, rowElements: number, limits: PlanningLimits): LinnetError {
  const { quantRowBytes } = rowBytesOf(type, rowElements);
  return new LinnetError(
    'LimitExceeded',
    `A row of ${label} takes ${String(quantRowBytes)} bytes, more than one binding of this device (${String(limits.maxBindingBytes)}). Choose a smaller model.`,
  );
}
