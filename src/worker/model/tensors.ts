/**
 * Finds a model's tensors by name, checks their shapes, and plans the matrices they become on a device. What a tensor is
 * for is the family's business (families/). Reads nothing and allocates nothing.
 */
import { rowsPerScaleWord, type BlockType } from '../../shaders/blocks/block-type.ts';
import { BLOCK_TYPES, blockTypeOf } from '../../shaders/blocks/index.ts';
import { LinnetError } from '../errors.ts';
import type { PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile, TensorInfo } from '../loading/gguf-file.ts';
import type { ModelConfig } from './config.ts';
import { planMatrix, planPairedMatrix, type MatrixPlan } from './matrix.ts';

/** A matrix to be, and the tensors it is made of, one below the other or paired. */
export interface PlannedMatrix {
  readonly plan: MatrixPlan;
  readonly tensors: readonly TensorInfo[];
  /** Of its rows, those that a token is multiplied with; undefined: all. */
  readonly usedShare?: number;
}

/** A vector to be: tensors side by side, zeros between and behind them. */
export interface PlannedVector {
  readonly label: string;
  readonly numElements: number;
  readonly parts: readonly { readonly tensor: TensorInfo; readonly offset: number }[];
  /** What the values are multiplied with on the way. */
  readonly scale?: number;
}

/** A matrix that fills a part of an output row. */
export interface Part<M> {
  readonly matrix: M;
  readonly outOffset: number;
}

/** Two matrices of one shape: paired in one where they are of one type. */
export type Pair<M> =
  { readonly kind: 'paired'; readonly matrix: M } | { readonly kind: 'apart'; readonly first: M; readonly second: M };

export function matricesOf<M>(pair: Pair<M>): readonly M[] {
  return pair.kind === 'paired' ? [pair.matrix] : [pair.first, pair.second];
}

/** All that a model's weights become on a device. */
export interface PlannedWeights {
  readonly matrices: readonly PlannedMatrix[];
  readonly vectors: readonly PlannedVector[];
  /** Bytes of the matrices on the GPU. */
  readonly weightBytes: number;
}

/** Tensors some converters leave in a file, whose values follow from the metadata. */
const HARMLESS = /\.(attn_rot_embd|rotary_emb\.inv_freq|attention\.rotary_emb\.inv_freq)$/;

/** Where the tensors of a layer are found. */
export interface LayerSource {
  readonly planner: TensorPlanner;
  readonly config: ModelConfig;
  readonly layer: number;
}

export class TensorPlanner {
  readonly #byName: Map<string, TensorInfo>;
  readonly #limits: PlanningLimits;
  readonly #hasF16: boolean;
  readonly #matrices: PlannedMatrix[] = [];
  readonly #vectors: PlannedVector[] = [];
  readonly #used = new Set<string>();

  constructor(file: GgufFile, limits: PlanningLimits, hasF16: boolean) {
    this.#byName = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
    this.#limits = limits;
    this.#hasF16 = hasF16;
  }

  /**
   * Everything planned, once all is. @throws UnsupportedArchitecture naming a tensor that nobody asked for: leaving it out
   * would compute something else than the model.
   */
  finish(): PlannedWeights {
    const unused = [...this.#byName.keys()].find((name) => !this.#used.has(name) && !HARMLESS.test(name));
    if (unused !== undefined) {
      throw new LinnetError(
        'UnsupportedArchitecture',
        `The file has a tensor ${unused}, which this runtime does not know what to do with in a model of this architecture. Choose another file or model.`,
      );
    }
    const weightBytes = this.#matrices.reduce((sum, { plan }) => sum + plan.sizeBytes, 0);
    return { matrices: this.#matrices, vectors: this.#vectors, weightBytes };
  }

  /** Tensors that the file may have and the model does not use. */
  ignore(names: readonly string[]): void {
    for (const name of names) this.#used.add(name);
  }

  /** Rows of a tensor, if it is there. */
  rowsOf(name: string): number | undefined {
    return this.#byName.get(name)?.shape[1];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @throws MissingTensor, GgufInvalid for another shape than the metadata promises. */
  #find(name: string, shape: readonly number[]): TensorInfo {
    this.#used.add(name);
    const tensor = this.#byName.get(name);
    if (tensor === undefined) throw missingTensor(name);
    const [actual, wanted] = [tensor.shape.join(' x '), shape.join(' x ')];
    if (withoutOnes(tensor.shape).join() === withoutOnes(shape).join()) return tensor;
    throw new LinnetError(
      'GgufInvalid',
      `The tensor ${name} is ${actual}, its metadata says ${wanted}: the file is damaged or of another layout.`,
    );
  }

  /** @throws MissingTensor, GgufInvalid, UnsupportedTensorType */
  vector(name: string, numElements: number, scale = 1): PlannedVector {
    const planned = this.#planVector(name, numElements, scale);
    this.#vectors.push(planned);
    return planned;
  }

  /** A small tensor of any shape as a vector, its first dimension innermost. @throws MissingTensor, GgufInvalid, UnsupportedTensorType */
  flat(name: string, shape: readonly number[]): PlannedVector {
    const numElements = shape.reduce((product, n) => product * n, 1);
    const planned = this.#planVector(name, numElements, 1, shape);
    this.#vectors.push(planned);
    return planned;
  }

  #planVector(
    name: string,
    numElements: number,
    scale: number,
    shape: readonly number[] = [numElements],
  ): PlannedVector {
    const tensor = this.#find(name, shape);
    if (blockTypeOf(tensor.type, false) === undefined) throw unsupportedType(tensor);
    return { label: name, numElements, parts: [{ tensor, offset: 0 }], scale };
  }

  /**
   * Makes two tensors of the halves of one, the rows of the first before those of the second, and returns their names.
   * @throws MissingTensor, GgufInvalid
   */
  halves(name: string, rowElements: number, halfRows: number): readonly [string, string] {
    const [first = '', second = ''] = this.cut(name, rowElements, [halfRows, halfRows]);
    return [first, second];
  }

  /**
   * Makes tensors of runs of the rows of one, which follow each other, and returns their names.
   * @throws MissingTensor, GgufInvalid
   */
  cut(name: string, rowElements: number, rows: readonly number[]): readonly string[] {
    const numRows = rows.reduce((sum, n) => sum + n, 0);
    return this.#cut(this.#find(name, [rowElements, numRows]), rows);
  }

  /**
   * Makes a tensor of another shape, with the same elements in the same order, and returns its name; of a tensor that is not
   * there, its own. @throws GgufInvalid when the tensor has not the shape `from`
   */
  reshaped(name: string, from: readonly number[], to: readonly number[]): string {
    if (!this.has(name)) return name;
    const label = `${name}[]`;
    this.#byName.set(label, { ...this.#find(name, from), name: label, shape: to });
    return label;
  }

  /** Makes tensors of the matrices that one of three dimensions is a stack of, and returns their names. @throws MissingTensor, GgufInvalid */
  slices(name: string, rowElements: number, numRows: number, count: number): readonly string[] {
    return this.#cut(this.#find(name, [rowElements, numRows, count]), new Array<number>(count).fill(numRows));
  }

  /**
   * The same of a stack of matrices that are each the rows of one below those of another: names of the former, and of the latter.
   * @throws MissingTensor, GgufInvalid
   */
  stackedHalves(
    name: string,
    rowElements: number,
    halfRows: number,
    count: number,
  ): readonly [readonly string[], readonly string[]] {
    const tensor = this.#find(name, [rowElements, 2 * halfRows, count]);
    const halves = this.#cut(tensor, new Array<number>(2 * count).fill(halfRows));
    return [halves.filter((_, i) => i % 2 === 0), halves.filter((_, i) => i % 2 === 1)];
  }

  #cut(tensor: TensorInfo, rows: readonly number[]): readonly string[] {
    const rowElements = tensor.shape[0] ?? 0;
    const numRows = rows.reduce((sum, n) => sum + n, 0);
    let { offsetBytes } = tensor;
    return rows.map((count, i) => {
      const name = `${tensor.name}[${String(i)}]`;
      const sizeBytes = (tensor.sizeBytes / numRows) * count;
      this.#byName.set(name, { ...tensor, name, shape: [rowElements, count], offsetBytes, sizeBytes });
      offsetBytes += sizeBytes;
      return name;
    });
  }

  /** A vector that not every model has. */
  option(name: string, numElements: number, scale = 1): PlannedVector | undefined {
    return this.has(name) ? this.vector(name, numElements, scale) : undefined;
  }

  /** One vector of several that not every model has, each at its offset; undefined when there is none of them. */
  joined(
    label: string,
    numElements: number,
    parts: readonly { readonly name: string; readonly numElements: number; readonly offset: number }[],
  ): PlannedVector | undefined {
    const present = parts.flatMap((part) => {
      const planned = this.option(part.name, part.numElements);
      return (planned?.parts ?? []).map(({ tensor }) => ({ tensor, offset: part.offset }));
    });
    if (present.length === 0) return undefined;
    this.#vectors.splice(this.#vectors.length - present.length, present.length);
    const planned = { label, numElements, parts: present };
    this.#vectors.push(planned);
    return planned;
  }

  /** One vector of several that every model has, side by side. @throws MissingTensor, GgufInvalid, UnsupportedTensorType */
  concatenated(
    label: string,
    parts: readonly { readonly name: string; readonly shape: readonly number[] }[],
  ): PlannedVector {
    let numElements = 0;
    const placed = parts.map(({ name, shape }) => {
      const length = shape.reduce((product, n) => product * n, 1);
      const planned = this.#planVector(name, length, 1, shape);
      const offset = numElements;
      numElements += length;
      return planned.parts.map(({ tensor }) => ({ tensor, offset }));
    });
    const planned = { label, numElements, parts: placed.flat() };
    this.#vectors.push(planned);
    return planned;
  }

  /** Tensors of `rows[i]` rows each, one below the other. @throws UnsupportedTensorType, LimitExceeded */
  matrix(
    names: readonly string[],
    rowElements: number,
    rows: readonly number[],
    options: { readonly cutRows?: number | undefined; readonly usedShare?: number } = {},
  ): PlannedMatrix {
    const tensors = names.map((name, i) => this.#find(name, [rowElements, rows[i] ?? 0]));
    const numRows = rows.reduce((sum, n) => sum + n, 0);
    const type = this.#typeOf(tensors);
    const plan = planMatrix(names.join('|'), type, numRows, rowElements, this.#limits, options.cutRows);
    return this.#planned(tensors, plan, options.usedShare);
  }

  /**
   * Matrices for tensors whose outputs lie side by side in a row: one for each run of tensors of one type, so that a
   * dispatch computes as much as it can.
   */
  parts(names: readonly string[], rowElements: number, rows: readonly number[]): readonly Part<PlannedMatrix>[] {
    const parts: Part<PlannedMatrix>[] = [];
    let outOffset = 0;
    for (let first = 0; first < names.length;) {
      let end = first + 1;
      while (end < names.length && this.#joins(names[first], names[end], rowElements, rows[end - 1] ?? 1)) end += 1;
      const some = rows.slice(first, end);
      parts.push({ matrix: this.matrix(names.slice(first, end), rowElements, some), outOffset });
      outOffset += some.reduce((sum, n) => sum + n, 0);
      first = end;
    }
    return parts;
  }

  /**
   * Two matrices of `numRows` rows each, paired where they can be and are not to stand apart; each of one tensor, or of several of
   * as many rows, one below the other. @throws UnsupportedTensorType, UnsupportedArchitecture, LimitExceeded
   */
  pair(
    first: readonly string[],
    second: readonly string[],
    rowElements: number,
    numRows: number,
    { apart = false, ...options }: { readonly usedShare?: number; readonly apart?: boolean } = {},
  ): Pair<PlannedMatrix> {
    const rows = numRows / first.length;
    const joins = this.#joins(first[0], second[0], rowElements, rows);
    if (!joins && first.length > 1) throw unevenStack(first[0] ?? '', rows);
    if (apart || !joins) {
      const stack = (names: readonly string[]) => {
        const rowsOf = names.map(() => rows);
        return this.matrix(names, rowElements, rowsOf, options);
      };
      return { kind: 'apart', first: stack(first), second: stack(second) };
    }
    const tensors = [...first, ...second].map((name) => this.#find(name, [rowElements, rows]));
    const label = `${first[0] ?? ''}|${second[0] ?? ''}`;
    const plan = planPairedMatrix(label, this.#typeOf(tensors), numRows, rowElements, this.#limits);
    return { kind: 'paired', matrix: this.#planned(tensors, plan, options.usedShare) };
  }

  /** Whether a tensor can follow `numRows` rows of another in one matrix: its scales must begin at a whole word. */
  #joins(first: string | undefined, second: string | undefined, rowElements: number, numRows: number): boolean {
    const [a, b] = [this.#byName.get(first ?? ''), this.#byName.get(second ?? '')];
    const type = a?.type === b?.type ? blockTypeOf(a?.type ?? 0, this.#hasF16) : undefined;
    return type !== undefined && numRows % rowsPerScaleWord(type, rowElements) === 0;
  }

  #typeOf([tensor]: readonly TensorInfo[]): BlockType {
    const type = blockTypeOf(tensor?.type ?? 0, this.#hasF16);
    if (type === undefined) throw unsupportedType(tensor);
    return type;
  }

  #planned(tensors: readonly TensorInfo[], plan: MatrixPlan, usedShare = 1): PlannedMatrix {
    const planned = { plan, tensors, ...(usedShare === 1 ? {} : { usedShare }) };
    this.#matrices.push(planned);
    return planned;
  }
}

/** Dimensions of one at the end mean nothing, and some converters leave them out. */
function withoutOnes(shape: readonly number[]): readonly number[] {
  return shape.slice(0, shape.findLastIndex((length) => length !== 1) + 1);
}

export function missingTensor(name: string): LinnetError {
  return new LinnetError(
    'MissingTensor',
    `The file has no tensor ${name}, which every model of its architecture has. Choose another file of this model.`,
  );
}

function unevenStack(name: string, numRows: number): LinnetError {
  return new LinnetError(
    'UnsupportedArchitecture',
    `Matrices of ${String(numRows)} rows of the type of ${name} cannot be taken out of the tensor that they are a part of. Choose another file of this model.`,
  );
}

function unsupportedType(tensor: TensorInfo | undefined): LinnetError {
  return new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${tensor?.name ?? ''} has the type ${tensor?.typeName ?? ''}, which is not supported; ${BLOCK_TYPES.map(({ name }) => name).join(', ')} are. Choose another file of this model, e.g. Q4_K_M.`,
  );
}
