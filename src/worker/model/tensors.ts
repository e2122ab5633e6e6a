/**
 * Finds a model's tensors by name, checks their shapes, and plans the matrices they become on a device. What a tensor is
 * for is the family's business (llama.ts). Reads nothing and allocates nothing.
 */
import { blockTypeOf } from '../../shaders/blocks/index.ts';
import { LinnetError } from '../errors.ts';
import type { PlanningLimits } from '../gpu/gpu.ts';
import type { GgufFile, TensorInfo } from '../loading/gguf-file.ts';
import { planMatrix, type MatrixPlan } from './matrix.ts';

/** A matrix to be, and the tensors it is made of, one below the other. */
export interface PlannedMatrix {
  readonly plan: MatrixPlan;
  readonly tensors: readonly TensorInfo[];
}

/** A vector to be: tensors side by side, zeros between and behind them. */
export interface PlannedVector {
  readonly label: string;
  readonly numElements: number;
  readonly parts: readonly { readonly tensor: TensorInfo; readonly offset: number }[];
}

/** A matrix that fills a part of an output row. */
export interface Part<M> {
  readonly matrix: M;
  readonly outOffset: number;
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

export class TensorPlanner {
  readonly #byName: ReadonlyMap<string, TensorInfo>;
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

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @throws MissingTensor, GgufInvalid for another shape than the metadata promises. */
  #find(name: string, shape: readonly number[]): TensorInfo {
    this.#used.add(name);
    const tensor = this.#byName.get(name);
    if (tensor === undefined) throw missingTensor(name);
    const actual = tensor.shape.join(' x ');
    const wanted = shape.join(' x ');
    if (actual === wanted) return tensor;
    throw new LinnetError(
      'GgufInvalid',
      `The tensor ${name} is ${actual}, its metadata says ${wanted}: the file is damaged or of another layout.`,
    );
  }

  /** @throws MissingTensor, GgufInvalid, UnsupportedTensorType */
  vector(name: string, numElements: number): PlannedVector {
    const tensor = this.#find(name, [numElements]);
    if (blockTypeOf(tensor.type, false) === undefined) throw unsupportedType(tensor);
    const planned = { label: name, numElements, parts: [{ tensor, offset: 0 }] };
    this.#vectors.push(planned);
    return planned;
  }

  /** A vector that not every model has. */
  option(name: string, numElements: number): PlannedVector | undefined {
    return this.has(name) ? this.vector(name, numElements) : undefined;
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

  /** Tensors of `rows[i]` rows each, one below the other. @throws UnsupportedTensorType, LimitExceeded */
  matrix(names: readonly string[], rowElements: number, rows: readonly number[], cutRows?: number): PlannedMatrix {
    const tensors = names.map((name, i) => this.#find(name, [rowElements, rows[i] ?? 0]));
    const type = blockTypeOf(tensors[0]?.type ?? 0, this.#hasF16);
    if (type === undefined) throw unsupportedType(tensors[0]);
    const numRows = rows.reduce((sum, n) => sum + n, 0);
    const plan = planMatrix(names.join('|'), type, numRows, rowElements, this.#limits, cutRows);
    const planned = { plan, tensors };
    this.#matrices.push(planned);
    return planned;
  }

  /** One matrix where the tensors are of one type and their outputs lie seamlessly side by side, else one each. */
  parts(
    names: readonly string[],
    rowElements: number,
    rows: readonly number[],
    outOffsets: readonly number[],
  ): readonly Part<PlannedMatrix>[] {
    const types = new Set(names.map((name) => this.#byName.get(name)?.type));
    const seamless = rows.every((n, i) => {
      const end = (outOffsets[i] ?? 0) + n;
      return n % 2 === 0 && (outOffsets[i + 1] ?? end) === end;
    });
    if (types.size === 1 && seamless) return [{ matrix: this.matrix(names, rowElements, rows), outOffset: 0 }];
    return names.map((name, i) => ({
      matrix: this.matrix([name], rowElements, [rows[i] ?? 0]),
      outOffset: outOffsets[i] ?? 0,
    }));
  }
}

export function missingTensor(name: string): LinnetError {
  return new LinnetError(
    'MissingTensor',
    `The file has no tensor ${name}, which every model of its architecture has. Choose another file of this model.`,
  );
}

function unsupportedType(tensor: TensorInfo | undefined): LinnetError {
  return new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${tensor?.name ?? ''} has the type ${tensor?.typeName ?? ''}, which is not supported yet; F32, F16, Q8_0, Q4_0, Q4_K and Q6_K are. Choose another file of this model, e.g. Q4_K_M.`,
  );
}
