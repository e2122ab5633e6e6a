/**
 * Composition and life cycle of the engine: the device, the cache and the loaded models behind the contract of api.ts.
 * The only file that brings the two ways through the house together. Takes its host (GPU, store, clock) from outside,
 * so that it runs in a page's worker and in Node alike. Knows no ports and no Comlink.
 */
import type { CacheDeps } from '../cache/open-model.ts';
import { MemoryRecords, type RecordStore } from '../cache/record-store.ts';
import { storageReport } from '../cache/quota.ts';
import type {
  CachedModel,
  ClientId,
  ConversationRequest,
  DeviceRates,
  EmbeddingResult,
  EmbedRequest,
  Engine,
  EngineInfo,
  EngineState,
  EngineStats,
  ForkRequest,
  GenerateRequest,
  GenerationResult,
  InspectOptions,
  LoadedModel,
  LoadRequest,
  ModelHandle,
  ModelInspection,
  ModelSource,
  OnEvents,
  OnProgress,
  RequestId,
  RestoredConversation,
  RestoreRequest,
  SavedConversation,
  SaveRequest,
  StorageReport,
  TokenizeOptions,
} from './api.ts';
import { cachedModelOf } from './cached-models.ts';
import { deviceReport, statsOf, variantsInUse } from './device-report.ts';
import { abortedError, deviceLostError, LinnetError, toLinnetError, uncapturedError } from './errors.ts';
import { EventBatcher } from './event-batcher.ts';
import type { Gpu } from './gpu/gpu.ts';
import { openGpu, type OpenGpuOptions } from './gpu/open.ts';
import { SelfTest, type SelfTestHost } from './gpu/self-test/self-test.ts';
import type { GrammarEngine } from './grammar/grammar-engine.ts';
import { IdleWork } from './idle.ts';
import type { CreateDrafter } from './speculation/drafter.ts';
import type { ModelSession } from './serving/model-session.ts';
import { knownIds } from './serving/prompt.ts';
import { sessionSource } from './sessions/source.ts';
import type { Sessions } from './sessions/sessions.ts';
import { encodePrompt } from './text/conversation.ts';
import type { Tokenizer } from './text/tokenizer.ts';
import { embedding, generating } from './loaded-kinds.ts';
import { inspectSource, loadSession, type Loaded, type LoaderDeps } from './loading/load-model.ts';

export interface EngineHost {
  readonly gpu: GPU | undefined;
  readonly gpuOptions?: OpenGpuOptions;
  readonly cache: CacheDeps;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly randomU32: () => number;
  /** How tokens are guessed ahead; default: by n-grams. */
  readonly createDrafter?: CreateDrafter;
  /** Steps of plain decoding that may be unread when the next one is submitted: 0, 1 or 2; see `SessionHost`. */
  readonly maxLateSteps?: number;
  /** What follows grammars; without it requests that have one are refused. */
  readonly grammarEngine?: GrammarEngine;
  /** Runs a callback after about so many milliseconds. */
  readonly later: (callback: () => void, ms: number) => void;
  /** How the kernels of a device are tested; results are forgotten with the engine unless said. */
  readonly selfTest?: Partial<Pick<SelfTestHost, 'records' | 'platform' | 'idleOnSoftware' | 'timingBudgetMs'>>;
}

const VERSION = '0.1.0';

export class LinnetEngine implements Engine {
  readonly #host: EngineHost;
  readonly #models = new Map<ModelHandle, Loaded>();
  /** Loads and embeddings under way. */
  readonly #abortables = new Map<string, AbortController>();
  readonly #records: RecordStore;
  readonly #idle: IdleWork;
  #gpu: Promise<Gpu> | undefined;
  #opened: { readonly gpu: Gpu; readonly selfTest: SelfTest } | undefined;
  #wasLost = false;
  #numLoads = 0;
  #numHandles = 0;
  #networkBytes = 0;

  constructor(host: EngineHost) {
    this.#host = host;
    this.#records = host.selfTest?.records ?? new MemoryRecords();
    this.#idle = new IdleWork(() => this.#opened?.selfTest.nextIdleStep(), host.later);
  }

  async info(): Promise<EngineInfo> {
    try {
      const gpu = await this.#openGpu();
      return {
        version: VERSION,
        state: this.#state,
        device: deviceReport(gpu, this.#variants()),
        noWebGpuReason: undefined,
      };
    } catch (error) {
      return { version: VERSION, state: this.#state, device: undefined, noWebGpuReason: toLinnetError(error).message };
    }
  }

  async stats(): Promise<EngineStats> {
    const gpu = await this.#openGpu();
    const sessions = this.#generating();
    const counters = sessions.map((session) => session.scheduled.counters);
    return statsOf(gpu.counters, counters, this.#networkBytes, sessions.at(-1), this.#selfTest().report());
  }

  async inspect(
    client: ClientId,
    request: RequestId,
    source: ModelSource,
    options: InspectOptions = {},
  ): Promise<ModelInspection> {
    return this.#abortable(client, request, (signal) => inspectSource(source, options, this.#loaderDeps(), signal));
  }

  async load(request: LoadRequest, onProgress: OnProgress): Promise<LoadedModel> {
    return this.#abortable(request.client, request.request, async (signal) => {
      this.#numLoads += 1;
      try {
        const loaded = await this.#idle.during(() =>
          loadSession(request, this.#loaderDeps(), signal, (progress) => {
            onProgress({ ...progress, request: request.request });
          }),
        );
        this.#networkBytes += loaded.networkBytes;
        if (signal.aborted) {
          // The device was lost, or the load aborted, in the last moment.
          await loaded.close(abortedError());
          throw abortedError();
        }
        const handle = `model-${String(++this.#numHandles)}`;
        this.#models.set(handle, loaded);
        return { ...loaded.description, handle };
      } finally {
        this.#numLoads -= 1;
      }
    });
  }

  async unload(handle: ModelHandle): Promise<void> {
    const model = this.#models.get(handle);
    if (model === undefined) return;
    this.#models.delete(handle);
    await model.close(new LinnetError('ModelNotLoaded', 'The model was unloaded. Load it again to go on.'));
  }

  async generate(request: GenerateRequest, onEvents: OnEvents): Promise<GenerationResult> {
    const session = generating(this.#model(request.model));
    const batcher = new EventBatcher(onEvents, this.#host.later);
    try {
      return await this.#idle.during(() =>
        session.generate(request, (event) => {
          batcher.push(event);
        }),
      );
    } catch (error) {
      throw toLinnetError(error);
    } finally {
      await batcher.flush();
    }
  }

  async embed(request: EmbedRequest): Promise<EmbeddingResult> {
    const session = embedding(this.#model(request.model));
    return this.#abortable(request.client, request.request, (signal) =>
      this.#idle.during(() => session.embed(request, signal)),
    );
  }

  async saveConversation({ note, ...request }: SaveRequest): Promise<SavedConversation> {
    return this.#withSessions(request, (sessions, key, signal) => sessions.save(key, note, signal));
  }

  async restoreConversation({ bytes, ...request }: RestoreRequest): Promise<RestoredConversation> {
    return this.#withSessions(request, (sessions, key, signal) => sessions.restore(key, sessionSource(bytes), signal));
  }

  async forkConversation({ asNew, ...request }: ForkRequest): Promise<void> {
    return this.#withSessions(request, (sessions, key) => sessions.fork(key, `${request.client}/${asNew}`));
  }

  abort(client: ClientId, request: RequestId): Promise<void> {
    this.#abortables.get(`${client}/${request}`)?.abort(abortedError());
    for (const session of this.#generating()) session.abort(client, request);
    return Promise.resolve();
  }

  tokenize(model: ModelHandle, text: string, { asPrompt = false }: TokenizeOptions = {}): Promise<readonly number[]> {
    const tokenizer = this.#tokenizer(model);
    const ids = asPrompt
      ? encodePrompt(tokenizer, text)
      : tokenizer.encode(text, { addSpecial: false, parseSpecial: true });
    return Promise.resolve(ids);
  }

  detokenize(model: ModelHandle, ids: readonly number[]): Promise<string> {
    const tokenizer = this.#tokenizer(model);
    return Promise.resolve(tokenizer.decode(knownIds(ids, tokenizer.vocabSize), { special: true }));
  }

  forgetConversation(client: ClientId, conversation: string): Promise<void> {
    for (const session of this.#generating()) session.forgetConversation(client, conversation);
    return Promise.resolve();
  }

  async listCached(): Promise<readonly CachedModel[]> {
    const manifests = await this.#named(() => this.#host.cache.store.list());
    return manifests.map(cachedModelOf);
  }

  async deleteCached(id: string): Promise<void> {
    await this.#named(() => this.#host.cache.store.delete(id));
  }

  async storage(): Promise<StorageReport> {
    const { usedBytes, quotaBytes, persisted } = await storageReport(this.#host.cache.storage);
    return { usedBytes, quotaBytes, persisted };
  }

  /** Loaded when it is asked for: few visitors measure. */
  async measureRates(client: ClientId, request: RequestId, types?: readonly string[]): Promise<DeviceRates> {
    return this.#abortable(client, request, async (signal) => {
      const [gpu, { measureRates }] = await Promise.all([
        this.#openGpu(),
        import('./gpu/limits-probe/measure-rates.ts'),
      ]);
      return this.#idle.during(() => measureRates(gpu, { nowMs: this.#host.nowMs, types, signal }));
    });
  }

  #withSessions<T>(
    { client, request, model, conversation }: ConversationRequest,
    run: (sessions: Sessions, key: string, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#abortable(client, request, (signal) => {
      const { sessions } = generating(this.#model(model));
      return this.#idle.during(() => run(sessions, `${client}/${conversation}`, signal));
    });
  }

  #generating(): readonly ModelSession[] {
    return [...this.#models.values()].flatMap(({ session }) => (session.kind === 'generation' ? [session] : []));
  }

  #model(handle: ModelHandle): Loaded {
    const model = this.#models.get(handle);
    if (model !== undefined) return model;
    throw new LinnetError(
      'ModelNotLoaded',
      'This model is not loaded (any more). Load it, and use the handle that gives.',
    );
  }

  #tokenizer(handle: ModelHandle): Tokenizer {
    const { session } = this.#model(handle);
    return session.kind === 'generation' ? session.text.tokenizer : session.tokenizer;
  }

  #loaderDeps(): LoaderDeps {
    return { ...this.#host, openGpu: () => this.#openGpu(), selfTest: () => this.#selfTest() };
  }

  #selfTest(): SelfTest {
    if (this.#opened !== undefined) return this.#opened.selfTest;
    throw deviceLostError('it went away in the last moment');
  }

  #newSelfTest(gpu: Gpu): SelfTest {
    const { nowMs, later, selfTest = {} } = this.#host;
    const platform = `${VERSION} ${selfTest.platform ?? ''}`;
    return new SelfTest(gpu, { nowMs, later, ...selfTest, records: this.#records, platform });
  }

  /** One device for all models; a failed or lost one is forgotten, so that the next call tries again. */
  #openGpu(): Promise<Gpu> {
    this.#gpu ??= openGpu(this.#host.gpu, this.#host.gpuOptions).then(
      (gpu) => {
        this.#opened = { gpu, selfTest: this.#newSelfTest(gpu) };
        this.#wasLost = false;
        void gpu.device.lost.then((info) => {
          this.#onLost(gpu, deviceLostError(info.message || info.reason || 'no reason given'));
        });
        gpu.device.addEventListener('uncapturederror', ({ error }) => {
          // What a step computed after this cannot be trusted: better no text than nonsense.
          this.#onLost(gpu, uncapturedError(error));
          // Not within the event: Dawn waits for the handler.
          this.#host.later(() => {
            gpu.destroy();
          }, 0);
        });
        return gpu;
      },
      (error: unknown) => {
        this.#gpu = undefined;
        throw error;
      },
    );
    return this.#gpu;
  }

  /** Forgets a device, whose models and loads end with the error; the next call opens another. */
  #onLost(gpu: Gpu, error: LinnetError): void {
    if (this.#opened?.gpu !== gpu) return;
    this.#gpu = undefined;
    this.#opened = undefined;
    this.#wasLost = true;
    for (const load of this.#abortables.values()) load.abort(error);
    const models = [...this.#models.values()];
    this.#models.clear();
    for (const model of models) void model.close(error);
  }

  get #state(): EngineState {
    if (this.#numLoads > 0) return 'loading';
    if (this.#models.size > 0) return 'ready';
    return this.#wasLost ? 'lost' : 'idle';
  }

  #variants(): Readonly<Record<string, string>> {
    const last = [...this.#models.values()].at(-1);
    return last === undefined ? {} : variantsInUse(last.session.runner);
  }

  async #abortable<T>(client: ClientId, request: RequestId, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const key = `${client}/${request}`;
    if (this.#abortables.has(key))
      throw new LinnetError('InvalidRequest', `The request id ${request} is in use; choose another.`);
    const controller = new AbortController();
    this.#abortables.set(key, controller);
    try {
      return await run(controller.signal);
    } catch (error) {
      const reason: unknown = controller.signal.reason;
      throw reason instanceof LinnetError ? reason : toLinnetError(error);
    } finally {
      this.#abortables.delete(key);
    }
  }

  async #named<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toLinnetError(error);
    }
  }
}
