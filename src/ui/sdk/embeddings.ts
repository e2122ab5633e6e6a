/** `embeddings.create`, in OpenAI's shapes: vectors of length 1. */
import type { CallOptions } from '../client.ts';
import type { ResourceHost } from './host.ts';
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from './openai-types.ts';
import { refuseUnsupported, textsOrIds } from './parameters.ts';
import { invalid } from './request-error.ts';

/** A request for vectors as lists of numbers. */
export type FloatEmbeddingParams = EmbeddingCreateParams & { readonly encoding_format?: 'float' };
/** A request for vectors in base64. */
export type Base64EmbeddingParams = EmbeddingCreateParams & { readonly encoding_format: 'base64' };

/** `engine.embeddings`. */
export class Embeddings {
  readonly #host: ResourceHost;

  constructor(host: ResourceHost) {
    this.#host = host;
  }

  /**
   * A vector for each input: by a model for embeddings, or of the hidden states of one that generates text, as its file wants them
   * pooled, else their mean.
   * @throws RequestError naming a parameter that is not there or wrong; LinnetError `ModelNotLoaded`, `ContextFull`, `Aborted` ...
   */
  create(params: FloatEmbeddingParams, options?: CallOptions): Promise<CreateEmbeddingResponse>;
  create(params: Base64EmbeddingParams, options?: CallOptions): Promise<CreateEmbeddingResponse<string>>;
  create(
    params: EmbeddingCreateParams,
    options?: CallOptions,
  ): Promise<CreateEmbeddingResponse | CreateEmbeddingResponse<string>>;
  async create(
    params: EmbeddingCreateParams,
    options: CallOptions = {},
  ): Promise<CreateEmbeddingResponse | CreateEmbeddingResponse<string>> {
    refuseUnsupported('embedding', params);
    const encode = encoderOf(params);
    const { id, loaded } = this.#host.modelOf(params.model);
    const inputs = textsOrIds(params.input, 'input');
    const request = { model: loaded.handle, inputs, normalize: true };
    const { embeddings, numTokens } = await this.#host.client.embed(request, options);
    return embeddingResponse(id, embeddings.map(encode), numTokens) as
      CreateEmbeddingResponse | CreateEmbeddingResponse<string>;
  }
}

/** @throws RequestError for a format that is not known */
export function encoderOf({ encoding_format }: EmbeddingCreateParams): (vector: Float32Array) => number[] | string {
  switch (encoding_format) {
    case undefined:
    case 'float':
      return (vector) => [...vector];
    case 'base64':
      return toBase64;
    default:
      throw invalid('encoding_format', encoding_format, 'float or base64');
  }
}

export function embeddingResponse<E>(
  model: string,
  encoded: readonly E[],
  numTokens: number,
): CreateEmbeddingResponse<E> {
  return {
    object: 'list',
    data: encoded.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model,
    usage: { prompt_tokens: numTokens, total_tokens: numTokens },
  };
}

function toBase64(vector: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4));
  vector.forEach((value, i) => {
    bytes.setFloat32(i * 4, value, true);
  });
  return btoa(Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join(''));
}
