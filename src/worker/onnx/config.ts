/** `config.json` of an ONNX repository: whether there is one, and whether its model makes embeddings. Fetches nothing else. */
import { LinnetError } from '../errors.ts';

export interface OnnxConfig {
  readonly config: object;
  /** Infinity where it does not say. */
  readonly maxTokens: number;
}

/** What a model is called that makes something else of a text. */
const OTHER_HEADS =
  /For(CausalLM|ConditionalGeneration|SpeechSeq2Seq|ImageClassification|ObjectDetection|CTC)$|LMHeadModel$/;

/** @throws LinnetError `RepositoryNotFound`, `NetworkFailed`, `HttpFailed`, `InvalidRequest` */
export async function readConfig(base: string, repo: string): Promise<OnnxConfig> {
  let response: Response;
  try {
    response = await fetch(`${base}/config.json`);
  } catch (error) {
    const { host } = new URL(base);
    const message = `${host} could not be reached for ${repo}. Check the connection, that it allows this page (CORS, connect-src).`;
    throw new LinnetError('NetworkFailed', message, { cause: error });
  }
  // The hub answers 401 for what does not exist, too.
  if ([401, 403, 404].includes(response.status)) {
    throw new LinnetError(
      'RepositoryNotFound',
      `There is no public repository ${repo} with a config.json. Check its name.`,
    );
  }
  if (!response.ok) {
    throw new LinnetError(
      'HttpFailed',
      `${repo} was answered with HTTP status ${String(response.status)}; try again later.`,
    );
  }
  const config: unknown = await response.json().catch(() => undefined);
  if (typeof config !== 'object' || config === null) throw refused(repo, 'its config.json is no JSON object');
  const { architectures, is_encoder_decoder, max_position_embeddings } = config as Readonly<Record<string, unknown>>;
  const names = (Array.isArray(architectures) ? architectures : []).map(String);
  const other = names.find((name) => OTHER_HEADS.test(name));
  if (other !== undefined) throw refused(repo, `it is ${other}`);
  if (is_encoder_decoder === true) throw refused(repo, 'it is an encoder with a decoder');
  return { config, maxTokens: typeof max_position_embeddings === 'number' ? max_position_embeddings : Infinity };
}

function refused(repo: string, reason: string): LinnetError {
  return new LinnetError(
    'InvalidRequest',
    `${repo} makes no embeddings: ${reason}. Choose a model of sentence-transformers.`,
  );
}
