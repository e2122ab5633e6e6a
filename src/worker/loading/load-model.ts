/**
 * From a source to a model that answers: open (cache, network or file), read the header, check and plan, upload while
 * the download runs, compile. Reports its phases. Knows nothing of requests in flight or handles.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { fileSource } from '../../cache/file-source.ts';
import { openModel, type CacheDeps, type OpenModel } from '../../cache/open-model.ts';
import type { CacheProgress } from '../../cache/progress.ts';
import { KV_LAYOUTS } from '../../shaders/lib/kv-layout.ts';
import { PRECISIONS } from '../../shaders/linear/int8.ts';
import type {
  InspectOptions,
  KvType,
  LoadedModel,
  LoadProgress,
  LoadRequest,
  ModelInspection,
  ModelSource,
  SelfTestMode,
} from '../api.ts';
import { abortedError, LinnetError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { GpuSampler } from '../gpu/sampler.ts';
import type { SelfTest } from '../gpu/self-test/self-test.ts';
import { kernelNeeds } from '../model/needs.ts';
import { multipliedWeights } from '../model/multiplied.ts';
import { ModelRunner, planModel, supportedConfig, type ModelPlan } from '../model/runner.ts';
import { DEFAULT_SIZE_OPTIONS, encoderSizes } from '../model/sizes.ts';
import { EmbeddingSession } from '../serving/embedding-session.ts';
import type { GrammarEngine } from '../grammar/grammar-engine.ts';
import { grammarsFor } from '../grammar/model-grammars.ts';
import { ModelSession, type SessionHost } from '../serving/model-session.ts';
import { createTextModel, type TextModel } from '../serving/text-model.ts';
import { Fingerprint } from './fingerprint.ts';
import type { GgufFile } from './gguf-file.ts';
import { readGgufHeader } from './gguf-header.ts';
import { notesOf } from './load-notes.ts';
import { loadSampler } from './load-sampler.ts';

export interface LoaderDeps extends Omit<SessionHost, 'identity' | 'grammars'> {
  readonly cache: CacheDeps;
  readonly openGpu: () => Promise<Gpu>;
  /** Of the device that is open. */
  readonly selfTest: () => SelfTest;
  readonly grammarEngine?: GrammarEngine;
}

/** A loaded model without its handle. */
export interface Loaded {
  readonly session: ModelSession | EmbeddingSession;
  readonly description: Omit<LoadedModel, 'handle'>;
  readonly networkBytes: number;
  /** Rejects what is running with the error and frees the GPU's memory. */
  close(error: LinnetError): Promise<void>;
}

/** A source made readable. */
interface Opened {
  readonly source: ByteSource;
  readonly name: string;
  readonly model: OpenModel | undefined;
  readonly cached: boolean;
}

type Report = (progress: Omit<LoadProgress, 'request'>) => void;

const DEFAULT_CONTEXT = 4096;
/** Of encoders, which compute a text in one step. */
const DEFAULT_ENCODER_CONTEXT = 2048;
const DEFAULT_KV_TYPE: KvType = 'f16';
/** Cache tokens beyond one full context: room for a copied block and a second, short conversation. */
const EXTRA_CACHE_TOKENS = 256;

export async function inspectSource(
  source: ModelSource,
  options: InspectOptions,
  deps: LoaderDeps,
  signal: AbortSignal,
): Promise<ModelInspection> {
  const opened = await open(source, deps, signal, { headerOnly: true });
  try {
    const file = await readGgufHeader(opened.source, signal);
    const gpu = await deps.openGpu();
    const plan = planFor(file, gpu, options);
    textFor(file, plan);
    return inspection(file, plan, opened);
  } finally {
    await opened.model?.close();
  }
}

export async function loadSession(
  request: LoadRequest,
  deps: LoaderDeps,
  signal: AbortSignal,
  report: Report,
): Promise<Loaded> {
  const startMs = deps.nowMs();
  const progress = new LoadReporter(report);
  const gpu = (await deps.openGpu()).owner();
  let opened: Opened | undefined;
  try {
    opened = await open(request.source, deps, signal, {
      keep: request.keep ?? true,
      onProgress: (bytes) => {
        progress.downloading(bytes);
      },
    });
    progress.opened(opened.source.sizeBytes, opened.cached);
    const file = await readGgufHeader(opened.source, signal);
    const plan = planFor(file, gpu, request);
    const text = textFor(file, plan);
    const uploadStartMs = deps.nowMs();
    let compileStartMs = uploadStartMs;
    const [mode, selfTest, needs] = [selfTestMode(request), deps.selfTest(), kernelNeeds(plan)];
    const draw = loadSampler(gpu, plan, mode === 'skip' ? undefined : selfTest);
    const fingerprint = new Fingerprint(file);
    const runner = await ModelRunner.create(gpu, fingerprint.noting(opened.source), plan, {
      signal,
      selector: mode === 'skip' ? undefined : selfTest.selectorFor(needs, draw.always),
      onAllocated: ({ logits }) => void draw.make(logits),
      onBytes: (numBytes) => {
        progress.uploaded(numBytes);
      },
      onCompiling: () => {
        compileStartMs = deps.nowMs();
        progress.compiling();
      },
    });
    const identity = { name: nameOf(file, opened), fingerprint: await fingerprint.digest() };
    const session = sessionOf(runner, text, await draw.make(runner.scratch.logits), { ...deps, identity });
    await opened.model?.done;
    if (signal.aborted) throw abortedError();
    selfTest.chose({ chosen: runner.variants, needs, mode, onRequest: draw.onRequest });
    progress.ready();
    const notes = notesOf({ task: session.kind, text, stored: opened.model, plan, needs });
    const endMs = deps.nowMs();
    return {
      session,
      networkBytes: progress.networkBytes,
      description: {
        cacheId: opened.model?.id,
        inspection: inspection(file, plan, opened),
        contextLength: plan.sizes.contextLength,
        precision: plan.sizes.precision,
        vocabSize: plan.vocabSize,
        task: session.kind,
        ...chatOf(session.kind === 'generation' ? text : undefined),
        recommendedSampling: text.recommendedSampling,
        notes,
        timings: {
          totalMs: endMs - startMs,
          uploadMs: compileStartMs - uploadStartMs,
          compileMs: endMs - compileStartMs,
        },
      },
      async close(error) {
        await session.close(error);
        gpu.release();
      },
    };
  } catch (error) {
    gpu.release();
    throw error;
  } finally {
    await opened?.model?.close();
  }
}

function sessionOf(
  runner: ModelRunner,
  text: TextModel,
  sampler: GpuSampler | undefined,
  host: SessionHost & Pick<LoaderDeps, 'grammarEngine'>,
): Loaded['session'] {
  return sampler === undefined
    ? new EmbeddingSession(runner, text.tokenizer)
    : new ModelSession(runner, text, sampler, { ...host, ...grammarsFor(text.tokenizer, runner.plan, host) });
}

async function open(
  source: ModelSource,
  deps: LoaderDeps,
  signal: AbortSignal,
  options: { keep?: boolean; headerOnly?: boolean; onProgress?: (progress: CacheProgress) => void },
): Promise<Opened> {
  if (source.kind === 'file') {
    return { source: fileSource(source.file), name: source.file.name, model: undefined, cached: false };
  }
  const model = await openModel(source, { ...options, signal }, deps.cache);
  return { source: model.source, name: model.name, model, cached: model.complete };
}

const MODES: readonly SelfTestMode[] = ['full', 'check', 'skip'];

function selfTestMode({ selfTest = 'full' }: LoadRequest): SelfTestMode {
  if (MODES.includes(selfTest)) return selfTest;
  throw new LinnetError('InvalidRequest', `selfTest is ${selfTest}; it must be one of ${MODES.join(', ')}.`);
}

/** Plans for the context that was asked for, or for the longest of the usual ones that fits. */
function planFor(file: GgufFile, gpu: Gpu, request: InspectOptions): ModelPlan {
  const config = supportedConfig(file);
  const { contextLength: wanted } = request;
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 16)) {
    throw new LinnetError('InvalidRequest', `contextLength is ${String(wanted)}; it must be a whole number from 16.`);
  }
  const { kvType = DEFAULT_KV_TYPE } = request;
  if (!KV_LAYOUTS.includes(kvType)) {
    throw new LinnetError('InvalidRequest', `kvType is ${kvType}; it must be one of ${KV_LAYOUTS.join(', ')}.`);
  }
  const { precision = 'exact' } = request;
  if (!PRECISIONS.includes(precision)) {
    throw new LinnetError('InvalidRequest', `precision is ${precision}; it must be one of ${PRECISIONS.join(', ')}.`);
  }
  const plan = (contextLength: number) =>
    planModel(file, gpu, {
      ...(config.encoder === undefined
        ? {
            ...DEFAULT_SIZE_OPTIONS,
            contextLength,
            cacheTokens: contextLength + EXTRA_CACHE_TOKENS,
            windowPool: true,
            kvLayout: kvType,
          }
        : encoderSizes(contextLength)),
      precision,
    });
  const usual = config.encoder === undefined ? DEFAULT_CONTEXT : DEFAULT_ENCODER_CONTEXT;
  if (wanted !== undefined) return plan(Math.min(wanted, config.contextLength));
  for (let contextLength = Math.min(config.contextLength, usual); ; contextLength = Math.floor(contextLength / 2)) {
    try {
      return plan(contextLength);
    } catch (error) {
      if (!(error instanceof LinnetError && error.name === 'LimitExceeded') || contextLength < 256) throw error;
    }
  }
}

/** @throws UnsupportedTokenizer; GgufInvalid when there are more tokens than rows of the embedding */
function textFor(file: GgufFile, plan: ModelPlan): TextModel {
  const text = createTextModel(file.metadata);
  const { vocabSize } = text.tokenizer;
  if (vocabSize <= plan.vocabSize) return text;
  throw new LinnetError(
    'GgufInvalid',
    `The tokenizer has ${String(vocabSize)} tokens and token_embd.weight ${String(plan.vocabSize)} rows: the file is damaged.`,
  );
}

const nameOf = ({ metadata }: GgufFile, { name }: Opened): string => metadata.string('general.name') ?? name;

function inspection(file: GgufFile, plan: ModelPlan, opened: Opened): ModelInspection {
  const { metadata, tensors } = file;
  const bytesByType = new Map<string, number>();
  for (const { typeName, sizeBytes } of tensors)
    bytesByType.set(typeName, (bytesByType.get(typeName) ?? 0) + sizeBytes);
  const [weightType = 'F32'] = [...bytesByType].sort((a, b) => b[1] - a[1])[0] ?? [];
  return {
    name: nameOf(file, opened),
    architecture: plan.config.architecture,
    weightType,
    numParameters: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    fileBytes: opened.source.sizeBytes,
    contextLength: plan.config.contextLength,
    licence: metadata.string('general.license'),
    cached: opened.cached,
    gpuBytes: {
      weights: plan.weights.weights.weightBytes,
      kvCache: plan.sizes.kv.sizeBytes + (plan.sizes.states?.sizeBytes ?? 0),
      scratch: plan.sizes.scratchBytes,
    },
    plannedContextLength: plan.sizes.contextLength,
    multiplied: multipliedWeights(plan),
  };
}

/** Folds what the download and the upload say into one account. */
class LoadReporter {
  readonly #report: Report;
  #phase: LoadProgress['phase'] = 'resolving';
  #totalBytes: number | undefined;
  #uploadedBytes = 0;
  #reportedBytes = 0;
  #download: CacheProgress | undefined;

  constructor(report: Report) {
    this.#report = report;
    this.#send();
  }

  get networkBytes(): number {
    return this.#download?.networkBytes ?? 0;
  }

  opened(sizeBytes: number, isLocal: boolean): void {
    this.#totalBytes = sizeBytes;
    this.#enter(isLocal || this.#download === undefined ? 'uploading' : 'downloading');
  }

  downloading(progress: CacheProgress): void {
    this.#download = progress;
    if (this.#phase === 'resolving' || this.#phase === 'uploading') this.#phase = 'downloading';
    this.#send();
  }

  uploaded(numBytes: number): void {
    this.#uploadedBytes += numBytes;
    const step = (this.#totalBytes ?? 0) / 50;
    if (this.#phase !== 'uploading' || this.#uploadedBytes - this.#reportedBytes < step) return;
    this.#reportedBytes = this.#uploadedBytes;
    this.#send();
  }

  compiling(): void {
    this.#enter('compiling');
  }

  ready(): void {
    this.#enter('ready');
  }

  #enter(phase: LoadProgress['phase']): void {
    this.#phase = phase;
    this.#send();
  }

  #send(): void {
    const downloads = this.#phase === 'downloading';
    const isOver = this.#phase === 'compiling' || this.#phase === 'ready';
    this.#report({
      phase: this.#phase,
      doneBytes: downloads ? (this.#download?.doneBytes ?? 0) : isOver ? (this.#totalBytes ?? 0) : this.#uploadedBytes,
      totalBytes: this.#download?.totalBytes ?? this.#totalBytes,
      networkBytes: this.networkBytes,
      bytesPerSecond: downloads ? this.#download?.bytesPerSecond : undefined,
      remainingMs: downloads ? this.#download?.remainingMs : undefined,
    });
  }
}

function chatOf(text: TextModel | undefined): Pick<LoadedModel, 'isChatModel' | 'toolFormat'> {
  const toolFormat = text?.toolTemplate.tools.format?.name;
  return { isChatModel: text?.template.isForChat === true, ...(toolFormat === undefined ? {} : { toolFormat }) };
}
