/** `embeddings.create` for ONNX models, in front of the engine's own. Nothing is fetched or started before one of them is asked for. */
import type { OnnxPooling } from '../../../worker/api.ts';
import type { CallOptions } from '../../client.ts';
import { embeddingResponse, encoderOf, type Embeddings } from '../embeddings.ts';
import type { EmbeddingCreateParams } from '../openai-types.ts';
import { refuseUnsupported, textsOrIds } from '../parameters.ts';
import { invalid, RequestError } from '../request-error.ts';
import type { OnnxWorkerClient } from './onnx-worker-client.ts';

/** Which ONNX models may be fetched, and from where. */
export interface OnnxOptions {
  /** Repositories `owner/name` with an ONNX model that makes embeddings. No other is fetched, and these when they are asked for. */
  readonly models: readonly string[];
  /** Where they are, as `{hub}/{repo}/resolve/{revision}/{file}`. Default: the public hub, https://huggingface.co. */
  readonly hub?: string;
  /** Default `main`. */
  readonly revision?: string;
  /** Take the file in 8 bits, `onnx/model_quantized.onnx`, which is a quarter as large. Default true. */
  readonly quantized?: boolean;
  /** Default `mean`. */
  readonly pooling?: OnnxPooling;
}

const PUBLIC_HUB = 'https://huggingface.co';

/** @throws RequestError for a repository that is none, or a hub that is no address */
export function withOnnx(
  options: OnnxOptions,
  worker: OnnxWorkerClient,
  others: Pick<Embeddings, 'create'>,
): Pick<Embeddings, 'create'> {
  const hub = hubOf(options);
  const { models, revision = 'main', quantized = true, pooling = 'mean' } = options;
  const create = async (params: EmbeddingCreateParams, call: CallOptions = {}): Promise<unknown> => {
    const { model: repo } = params;
    if (repo === undefined || !models.includes(repo)) return others.create(params, call);
    refuseUnsupported('embedding', params);
    const encode = encoderOf(params);
    const inputs = textsOrIds(params.input, 'input').map((input) => {
      if (typeof input === 'string') return input;
      throw invalid('input', input, 'texts, for a model that has its own tokens');
    });
    const request = { repo, revision, hub, quantized, pooling, inputs };
    const { embeddings, numTokens } = await worker.embed(request, call.signal);
    return embeddingResponse(repo, embeddings.map(encode), numTokens);
  };
  // It resolves with the shape that `encoding_format` asks for, as the one behind it does.
  return { create: create as Embeddings['create'] };
}

function hubOf({ hub = PUBLIC_HUB, models }: OnnxOptions): string {
  if (!models.every((repo) => /^[\w.-]+\/[\w.-]+$/.test(repo)))
    throw wrong('onnx.models', 'a list of repositories, owner/name');
  if (!URL.canParse(hub) || !/^https?:/.test(hub)) throw wrong('onnx.hub', 'the address of a hub, https://...');
  return hub.replace(/\/+$/, '');
}

function wrong(param: string, wanted: string): RequestError {
  return new RequestError('invalid_value', param, `${param} must be ${wanted}.`);
}
