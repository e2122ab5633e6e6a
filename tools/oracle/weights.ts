/**
 * The tensors of a GGUF file as exact numbers, a row at a time: the oracle's only way to its weights. A matrix is never
 * held whole, so that true widths fit in memory. Knows nothing of what a tensor is for.
 */
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { BLOCK_TYPES } from '../../src/shaders/blocks/index.ts';
import type { GgufFile, TensorInfo } from '../../src/worker/loading/gguf-file.ts';

const SLICE_BYTES = 8 * 2 ** 20;

/** What products round their input to, given the type of the weights; undefined: not at all. */
export type Round = (row: Float64Array, typeName: string) => Float64Array | undefined;

export class ExactWeights {
  readonly #source: ByteSource;
  readonly #round: Round | undefined;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;

  /** @param round default not at all */
  constructor(source: ByteSource, file: GgufFile, round?: Round) {
    this.#source = source;
    this.#round = round;
    this.#tensors = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  numRows(name: string): number {
    return this.#shape(name).numRows;
  }

  /** All elements of a vector. */
  async vector(name: string): Promise<Float64Array> {
    return this.row(name, 0);
  }

  /** All elements of a tensor, its first dimension innermost. */
  async all(name: string): Promise<Float64Array> {
    const { rowElements, numRows } = this.#shape(name);
    const out = new Float64Array(rowElements * numRows);
    await this.#eachRow(name, 0, numRows, (row, weights) => {
      out.set(weights, row * rowElements);
    });
    return out;
  }

  async row(name: string, row: number): Promise<Float64Array> {
    const out = new Float64Array(this.#shape(name).rowElements);
    await this.#eachRow(name, row, 1, (_, weights) => out.set(weights));
    return out;
  }

  /**
   * The product with every row of `x` [numInputs][rowElements], as [numInputs][numRows]; `bias` [numRows] is added where
   * the file has a tensor of that name.
   */
  async multiply(name: string, x: readonly Float64Array[], bias?: string): Promise<Float64Array[]> {
    return this.multiplyRows(name, 0, this.#shape(name).numRows, x, bias);
  }

  /** The same with some rows of the matrix alone: an expert's, say. */
  async multiplyRows(
    name: string,
    firstRow: number,
    numRows: number,
    x: readonly Float64Array[],
    bias?: string,
  ): Promise<Float64Array[]> {
    const { tensor } = this.#shape(name);
    const inputs = x.map((row) => this.#round?.(row, tensor.typeName) ?? row);
    const added = bias !== undefined && this.has(bias) ? await this.vector(bias) : undefined;
    const out = x.map(() => new Float64Array(numRows));
    await this.#eachRow(name, firstRow, numRows, (matrixRow, weights) => {
      const row = matrixRow - firstRow;
      const start = added?.[matrixRow] ?? 0;
      for (let i = 0; i < x.length; i++) {
        const input = inputs[i];
        const target = out[i];
        if (input !== undefined && target !== undefined) target[row] = start + dot(weights, input);
      }
    });
    return out;
  }

  /** `visit` must not keep the array it is given. */
  async #eachRow(
    name: string,
    firstRow: number,
    numRows: number,
    visit: (row: number, weights: Float64Array) => void,
  ): Promise<void> {
    const { tensor, rowElements } = this.#shape(name);
    const type = BLOCK_TYPES.find((candidate) => candidate.ggmlType === tensor.type);
    if (type === undefined) throw new Error(`the oracle does not know the type ${tensor.typeName} of ${name}`);
    const { blockElements, blockBytes } = type;
    const rowBytes = (rowElements / blockElements) * blockBytes;
    const weights = new Float64Array(rowElements);
    const rowsPerSlice = Math.max(1, Math.floor(SLICE_BYTES / rowBytes));
    for (let done = 0; done < numRows; done += rowsPerSlice) {
      const rows = Math.min(rowsPerSlice, numRows - done);
      const raw = await this.#source.read(tensor.offsetBytes + (firstRow + done) * rowBytes, rows * rowBytes);
      const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
      for (let row = 0; row < rows; row++) {
        for (let block = 0; block * blockElements < rowElements; block++) {
          type.dequantizeBlock(view, row * rowBytes + block * blockBytes, weights, block * blockElements);
        }
        visit(firstRow + done + row, weights);
      }
    }
  }

  #shape(name: string): { readonly tensor: TensorInfo; readonly rowElements: number; readonly numRows: number } {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`the file has no tensor ${name}`);
    const [rowElements = 1, ...rest] = tensor.shape;
    return { tensor, rowElements, numRows: rest.reduce((product, n) => product * n, 1) };
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? NaN) * (b[i] ?? NaN);
  return sum;
}
