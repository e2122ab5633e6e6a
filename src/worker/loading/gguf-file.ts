/**
 * What is known of a GGUF file once its header is read: types only.
 */
import type { GgufMetadata } from './gguf-metadata.ts';

export interface TensorInfo {
  readonly name: string;
  /** ggml's number of the type, and its name. */
  readonly type: number;
  readonly typeName: string;
  /** In ggml's order: the length of a row first. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface GgufFile {
  readonly version: number;
  readonly metadata: GgufMetadata;
  /** In the order of the directory; no two overlap, all lie inside the file. */
  readonly tensors: readonly TensorInfo[];
  /** Where the tensors' data begins. */
  readonly dataOffsetBytes: number;
  readonly alignment: number;
  readonly sizeBytes: number;
}
