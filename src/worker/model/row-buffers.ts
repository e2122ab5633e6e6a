/** What row operations find by the names of a configuration: buffers, their shapes, weights. Knows no operation. */
import type { BufferRange } from '../gpu/gpu.ts';
import type { PlannedVector } from './tensors.ts';

/** Where a row operation finds what it names. */
export interface RowBuffers {
  named(name: string): BufferRange;
  /** Floats of a padded row. */
  widthOf(name: string): number;
  vector(planned: PlannedVector): BufferRange;
  /** Words of four floats from a part of a buffer to the next. */
  partWordsOf(name: string): number;
}
