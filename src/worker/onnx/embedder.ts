/**
 * Embeddings by ONNX models, through `@xenova/transformers`: its tokenizers and onnxruntime-web, on the CPU, one thread. It fetches from
 * the hub that a request names and from nowhere else. Knows no messages, and nothing of the engine.
 */
import { AutoModel, AutoTokenizer, env, mean_pooling, Tensor } from '@xenova/transformers';
import type { OnnxRequest } from '../api-onnx.ts';
import { LinnetError } from '../errors.ts';
import { readConfig } from './config.ts';
import { WASM_URL } from './wasm-url.ts';

interface LoadedModel {
  /** Ids and mask of a text, each [1, numTokens]. */
  readonly tokenize: (text: string) => Readonly<Record<string, Tensor>>;
  readonly run: (inputs: Readonly<Record<string, Tensor>>) => Promise<unknown>;
  readonly maxTokens: number;
}

export class OnnxEmbedder {
  readonly #models = new Map<string, Promise<LoadedModel>>();

  /**
   * Vectors of length 1, one for each text.
   * @throws LinnetError `RepositoryNotFound`, `NetworkFailed`, `HttpFailed`, `InvalidRequest` for a model that makes no embeddings,
   * `ContextFull` for a text that is longer than the model takes
   */
  async embed(request: OnnxRequest): Promise<{ embeddings: Float32Array[]; numTokens: number }> {
    const model = await this.#model(request);
    const embeddings: Float32Array[] = [];
    let numTokens = 0;
    // One after the other: nothing is padded, and a CPU gains little from batches.
    for (const text of request.inputs) {
      const inputs = model.tokenize(text);
      const mask = inputs['attention_mask'];
      const length = mask?.dims[1] ?? 0;
      if (mask === undefined || length > model.maxTokens) {
        const limit = `${request.repo} takes ${String(model.maxTokens)}`;
        throw new LinnetError('ContextFull', `A text has ${String(length)} tokens; ${limit}. Shorten it.`);
      }
      const hidden = hiddenOf(await model.run(inputs), request.repo);
      const pooled = request.pooling === 'cls' ? hidden.slice(null, 0) : mean_pooling(hidden, mask);
      embeddings.push(unit(pooled.data as Float32Array));
      numTokens += length;
    }
    return { embeddings, numTokens };
  }

  #model(request: OnnxRequest): Promise<LoadedModel> {
    const key = JSON.stringify([request.hub, request.repo, request.revision, request.quantized]);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const loading = load(request);
    this.#models.set(key, loading);
    loading.catch(() => this.#models.delete(key));
    return loading;
  }
}

async function load({ hub, repo, revision, quantized }: OnnxRequest): Promise<LoadedModel> {
  configure(hub);
  const { config, maxTokens } = await readConfig(`${hub}/${repo}/resolve/${encodeURIComponent(revision)}`, repo);
  const options = { revision, quantized, config };
  try {
    const [tokenizer, model] = await Promise.all([
      AutoTokenizer.from_pretrained(repo, options),
      AutoModel.from_pretrained(repo, options),
    ]);
    return {
      // Truncated texts would pass for whole ones.
      tokenize: (text) => tokenizer(text, { truncation: false }) as Readonly<Record<string, Tensor>>,
      run: (inputs) => model(inputs) as Promise<unknown>,
      maxTokens: Math.min(
        maxTokens,
        (tokenizer as { readonly model_max_length?: number }).model_max_length ?? Infinity,
      ),
    };
  } catch (error) {
    throw loadError(error, repo, quantized);
  }
}

function configure(hub: string): void {
  env.allowLocalModels = false;
  env.remoteHost = `${hub}/`;
  env.remotePathTemplate = '{model}/resolve/{revision}/';
  const { wasm } = env.backends.onnx as { wasm: { numThreads: number; proxy: boolean; wasmPaths: object } };
  // Threads need headers that most pages do not have, and other files.
  wasm.numThreads = 1;
  wasm.proxy = false;
  wasm.wasmPaths = { 'ort-wasm-simd.wasm': WASM_URL };
}

/** The library tells by words alone what went wrong. */
function loadError(error: unknown, repo: string, quantized: boolean): LinnetError {
  const message = error instanceof Error ? error.message : String(error);
  const file = quantized ? 'model_quantized.onnx' : 'model.onnx';
  if (message.startsWith('Could not locate file'))
    return new LinnetError(
      'InvalidRequest',
      `${repo} has no onnx/${file}, or no tokenizer.json. Choose an ONNX repository.`,
    );
  if (error instanceof TypeError && /fetch/i.test(message))
    return new LinnetError('NetworkFailed', `A file of ${repo} could not be fetched. Check the connection, and CORS.`);
  if (message.includes('while trying to load file') || message.includes('access to file'))
    return new LinnetError('HttpFailed', `A file of ${repo} was refused. Try again later.`);
  return new LinnetError('InvalidRequest', `${repo} could not be loaded as an ONNX model: ${message}`);
}

/** The hidden states of a model's answer, [1, numTokens, hiddenSize]. */
function hiddenOf(outputs: unknown, repo: string): Tensor {
  const { last_hidden_state, token_embeddings } = outputs as Readonly<Record<string, unknown>>;
  const hidden = last_hidden_state ?? token_embeddings;
  if (hidden instanceof Tensor && hidden.dims.length === 3) return hidden;
  throw new LinnetError('InvalidRequest', `${repo} makes no embeddings: it has no hidden states among its outputs.`);
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
