/**
 * A model's weights on the GPU: first all buffers at once, so that a lack of memory shows before anything is downloaded for
 * it, then their contents, in the order of the file, so that a running download is followed and not fought.
 * Knows no architecture.
 */
import { readVector, uploadMatrix, allocateMatrix, type UploadContext } from '../loading/upload.ts';
import { LinnetError } from '../errors.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { GpuMatrix } from './matrix.ts';
import type { PlannedMatrix, PlannedVector, PlannedWeights } from './tensors.ts';

export class WeightStore {
  readonly #planned: PlannedWeights;
  readonly #matrices = new Map<PlannedMatrix, GpuMatrix>();
  readonly #vectors = new Map<PlannedVector, BufferRange>();

  /** Makes every buffer; synchronous, for one error scope around it. */
  constructor(gpu: Gpu, planned: PlannedWeights) {
    this.#planned = planned;
    for (const matrix of planned.matrices) this.#matrices.set(matrix, allocateMatrix(gpu, matrix.plan));
    for (const vector of planned.vectors) {
      this.#vectors.set(vector, { buffer: gpu.createStorage(vector.label, Math.ceil(vector.numElements / 32) * 128) });
    }
  }

  matrix(planned: PlannedMatrix): GpuMatrix {
    return found(this.#matrices.get(planned));
  }

  vector(planned: PlannedVector): BufferRange {
    return found(this.#vectors.get(planned));
  }

  async fill(context: UploadContext): Promise<void> {
    const matrices = this.#planned.matrices.map((planned) => ({
      offsetBytes: Math.min(...planned.tensors.map((tensor) => tensor.offsetBytes)),
      run: () => uploadMatrix(context, this.matrix(planned), planned.tensors),
    }));
    const vectors = this.#planned.vectors.map((planned) => ({
      offsetBytes: Math.min(...planned.parts.map(({ tensor }) => tensor.offsetBytes)),
      run: async () => {
        const values = await readPlannedVector(context, planned);
        context.gpu.device.queue.writeBuffer(this.vector(planned).buffer, 0, values);
      },
    }));
    const jobs = [...matrices, ...vectors].sort((a, b) => a.offsetBytes - b.offsetBytes);
    for (const job of jobs) await job.run();
  }
}

/** A vector's values, on the host. */
export async function readPlannedVector(
  context: UploadContext,
  planned: PlannedVector,
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(planned.numElements);
  for (const { tensor, offset } of planned.parts) values.set(await readVector(context, tensor), offset);
  const { scale = 1 } = planned;
  return scale === 1 ? values : values.map((value) => value * scale);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new LinnetError('Internal', 'A tensor was used that had not been planned.');
  return value;
}
