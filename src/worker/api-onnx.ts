/** The messages of the ONNX worker, which is apart from the engine and started only when it is asked. Types only, no imports. */

export type OnnxPooling =
  /** The mean of the tokens' vectors, as most models of sentence-transformers have it. */
  | 'mean'
  /** The first token's vector, as BGE has it. */
  | 'cls';

/** What the worker is asked. */
export interface OnnxRequest {
  /** Of this request and its reply. */
  readonly id: number;
  /** `owner/name`. */
  readonly repo: string;
  readonly revision: string;
  /** No slash at the end; files are at `{hub}/{repo}/resolve/{revision}/`. */
  readonly hub: string;
  /** `onnx/model_quantized.onnx` instead of `onnx/model.onnx`. */
  readonly quantized: boolean;
  readonly pooling: OnnxPooling;
  readonly inputs: readonly string[];
}

/** What it answers. */
export type OnnxReply =
  /** A vector of length 1 for each input. */
  | { readonly id: number; readonly embeddings: readonly Float32Array[]; readonly numTokens: number }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
