/**
 * What the small kernels of a step have to move and compute, from a dense model's shape: each input read and each output written
 * once. Matrix products and attention say their own multiply-adds. Knows no device.
 */
import type { ModelShape } from '../fixtures/model-shapes.ts';

export interface StepRows {
  readonly numRows: number;
  /** Keys that the last row sees. */
  readonly numKeys: number;
}

export interface KernelCost {
  readonly bytes: number;
  readonly operations: number;
}

/** Keys of a chunk of decode attention, see `attention_split.wgsl`. */
const CHUNK = 128;

/** Of one dispatch of the kernel; undefined where only its dispatch knows. The cache is f32. */
export function costOf(kernel: string, shape: ModelShape, { numRows, numKeys }: StepRows): KernelCost | undefined {
  const { hiddenSize, numHeads, numKvHeads, headDim, ffnSize, vocabSize } = shape;
  const [queries, pairs] = [numHeads * headDim, numKvHeads * headDim];
  const floats = (count: number, operations: number): KernelCost => ({ bytes: count * 4, operations });
  const chunks = Math.ceil(numKeys / CHUNK);
  if (kernel.startsWith('embed')) return floats(numRows * hiddenSize * 1.2, numRows * hiddenSize * 2);
  if (kernel.startsWith('rmsnorm')) return floats((2 * numRows + 1) * hiddenSize, 4 * numRows * hiddenSize);
  if (kernel.startsWith('rope_append')) {
    return floats(numRows * (2 * queries + 4 * pairs + headDim), 3 * numRows * (queries + pairs));
  }
  if (kernel.startsWith('attention_reduce')) {
    return floats(numRows * (chunks * (queries + 2 * numHeads) + queries), 2 * numRows * chunks * queries);
  }
  if (kernel.startsWith('attention_split')) {
    const written = chunks * (queries + 2 * numHeads);
    return floats(numRows * (2 * numKeys * pairs + queries + written), 4 * numRows * numKeys * queries);
  }
  if (kernel.startsWith('attention')) {
    const seen = numRows * numKeys - (numRows * (numRows - 1)) / 2;
    return floats(2 * numKeys * pairs + 2 * numRows * queries, 4 * seen * queries);
  }
  if (kernel.startsWith('silu_mul')) return floats(3 * numRows * ffnSize, 4 * numRows * ffnSize);
  if (kernel === 'sample') return floats(vocabSize, vocabSize);
  return undefined;
}

/** Milliseconds at the device's rates, if either is all that counts. */
export function predictedMs({ bytes, operations }: KernelCost, bytesPerSecond: number, flopsPerSecond: number): number {
  return 1000 * Math.max(bytes / bytesPerSecond, operations / flopsPerSecond);
}
