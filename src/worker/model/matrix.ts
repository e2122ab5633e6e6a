/**
 * A weight matrix on the GPU: a list of row shards, each within the binding limit, each a buffer with two planes.
 * Planning is pure; nothing here reads files or knows what a matrix is for.
 */
import { paddedRowElements, type BlockType } from '../../shaders/blocks/block-type.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange, PlanningLimits } from '../gpu/gpu.ts';

export interface ShardPlan {
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
  const blocksPerRow = paddedRowElements(rowElements) / type.gpuBlockElements;
  const quantRowBytes = blocksPerRow * type.quantBytes;
  const scaleRowBytes = blocksPerRow * type.scaleBytes;
  const most = Math.min(
    Math.floor(limits.maxBindingBytes / quantRowBytes),
    Math.floor((limits.maxBufferBytes - 512) / (quantRowBytes + scaleRowBytes)),
  );
  // Whole pairs of rows, so that a shard's halves fill whole words.
  const rowsPerShard = Math.min(numRows, most >= 8 ? most - (most % 8) : most - (most % 2));
  if (rowsPerShard < 1) {
    throw new LinnetError(
      'LimitExceeded',
      `A row of ${label} takes ${String(quantRowBytes)} bytes, more than one binding of this device (${String(limits.maxBindingBytes)}). Choose a smaller model.`,
    );
  }
  const shards: ShardPlan[] = [];
  for (let firstRow = 0; firstRow < numRows;) {
    const toCut = cutRows - (firstRow % cutRows);
    const rows = Math.min(rowsPerShard, numRows - firstRow, Number.isFinite(toCut) ? toCut : Infinity);
    const quantBytes = rows * quantRowBytes;
    const scaleBytes = Math.ceil((rows * scaleRowBytes) / 4) * 4;
    const scaleOffsetBytes = Math.ceil(quantBytes / 256) * 256;
    const sizeBytes = scaleBytes === 0 ? quantBytes : scaleOffsetBytes + scaleBytes;
    shards.push({ firstRow, numRows: rows, quantBytes, scaleOffsetBytes, scaleBytes, sizeBytes });
    firstRow += rows;
  }
  const sizeBytes = shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
  return { label, type, numRows, rowElements, numGroups: paddedRowElements(rowElements) / 32, shards, sizeBytes };
}
