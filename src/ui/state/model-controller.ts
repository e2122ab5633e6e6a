/**
 * The way of a model from "start" to "ready": looks at what is cached, inspects, asks, loads, cancels, recovers. It turns
 * the client's promises into phases of the state. It knows no DOM and never downloads before consent.
 */
import type { CachedModel, LoadedModel, ModelSource } from '../../worker/api.ts';
import type { EngineClient } from '../client.ts';
import { toFailure } from '../errors.ts';
import type { ModelActions } from './actions.ts';
import { loadedModel, type AppState, type Phase } from './app-state.ts';
import type { Preferences } from './preferences.ts';
import { toLoadOptions, type Settings } from './settings.ts';
import { describeSource } from './source.ts';
import type { Store } from './store.ts';

export interface ModelControllerOptions {
  readonly client: EngineClient;
  readonly store: Store<AppState>;
  readonly preferences: Preferences;
}

export class ModelController {
  readonly #client: EngineClient;
  readonly #store: Store<AppState>;
  readonly #preferences: Preferences;
  /** Aborts what is under way; one thing at a time is. */
  #task = new AbortController();

  constructor(options: ModelControllerOptions) {
    this.#client = options.client;
    this.#store = options.store;
    this.#preferences = options.preferences;
    this.#client.onFailure((error) => {
      this.#setPhase({ kind: 'workerLost', failure: toFailure(error) });
    });
  }

  readonly actions: ModelActions = {
    chooseModel: () => {
      this.#stopTask();
      const { phase } = this.#store.state;
      if (phase.kind === 'workerLost') return void this.#restart('choose');
      this.#setPhase({ kind: 'choosing', loaded: loadedModel(phase) });
      void this.#refreshCached();
    },
    backToChat: () => {
      const loaded = loadedModel(this.#store.state.phase);
      if (loaded !== undefined) this.#setPhase({ kind: 'ready', model: loaded });
    },
    inspect: (source) => void this.#inspect(source),
    acceptConsent: ({ keep }) => {
      const { phase } = this.#store.state;
      if (phase.kind === 'consent') void this.#load(phase.source, phase.inspection.name, { keep });
    },
    declineConsent: () => {
      this.actions.chooseModel();
    },
    cancel: () => {
      this.actions.chooseModel();
    },
    loadCached: (model) => {
      // The rest of an interrupted download is a download: it is asked for.
      if (model.complete || model.url === undefined) void this.#load({ kind: 'cached', id: model.id }, model.name);
      else void this.#inspect({ kind: 'url', url: model.url });
    },
    deleteCached: (model) => void this.#deleteCached(model),
    retry: () => {
      const { phase } = this.#store.state;
      if (phase.kind !== 'failed') return;
      if (phase.during === 'inspecting') void this.#inspect(phase.source);
      else void this.#load(phase.source, describeSource(phase.source));
    },
    loadWithoutKeeping: () => {
      const { phase } = this.#store.state;
      if (phase.kind === 'failed') void this.#load(phase.source, describeSource(phase.source), { keep: false });
    },
    restart: () => void this.#restart('loadAgain'),
    reloadModel: () => {
      const { lastModel } = this.#store.state;
      if (lastModel !== undefined) void this.#load(lastModel.source, lastModel.name);
    },
  };

  /** Asks the engine what there is; a link's model is inspected, the last kept one is loaded, else the visitor chooses. */
  async start(linked: ModelSource | undefined): Promise<void> {
    if (!(await this.#learn())) return;
    if (linked !== undefined) return this.#inspect(linked);
    const { lastModel, cached } = this.#store.state;
    const source = lastModel?.source;
    const kept = source?.kind === 'cached' ? cached.find((model) => model.id === source.id) : undefined;
    if (kept?.complete === true) return this.#load({ kind: 'cached', id: kept.id }, kept.name);
    this.#setPhase({ kind: 'choosing', loaded: undefined });
  }

  /** Fills in what the engine knows of device and cache. False when there is nothing to go on with. */
  async #learn(): Promise<boolean> {
    try {
      const info = await this.#client.info();
      this.#store.update((state) => ({ ...state, info }));
      if (info.device === undefined) {
        this.#setPhase({ kind: 'noWebGpu', reason: info.noWebGpuReason ?? '' });
        return false;
      }
      await this.#refreshCached();
      return true;
    } catch (thrown) {
      this.#setPhase({ kind: 'workerLost', failure: toFailure(thrown) });
      return false;
    }
  }

  async #refreshCached(): Promise<void> {
    const [cached, storage] = await Promise.allSettled([this.#client.listCached(), this.#client.storage()]);
    this.#store.update((state) => ({
      ...state,
      cached:
        cached.status === 'fulfilled' ? cached.value.toSorted((a, b) => b.lastUsedMs - a.lastUsedMs) : state.cached,
      storage: storage.status === 'fulfilled' ? storage.value : state.storage,
    }));
  }

  async #inspect(source: ModelSource): Promise<void> {
    const { signal } = this.#startTask();
    const loaded = loadedModel(this.#store.state.phase);
    this.#setPhase({ kind: 'inspecting', source, loaded });
    try {
      const inspection = await this.#client.inspect(source, { signal });
      if (!signal.aborted) this.#setPhase({ kind: 'consent', source, inspection, loaded });
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!signal.aborted) this.#fail({ kind: 'failed', failure, source, during: 'inspecting', loaded });
    }
  }

  async #load(source: ModelSource, name: string, options: { readonly keep?: boolean } = {}): Promise<void> {
    const { settings, phase } = this.#store.state;
    const previous = loadedModel(phase);
    const { signal } = this.#startTask();
    this.#setPhase({ kind: 'loading', source, name, progress: undefined });
    try {
      if (previous !== undefined) await this.#client.unload(previous.handle);
      const request = { source, ...toLoadOptions(settings), ...options };
      const model = await this.#client.load(request, {
        signal,
        onProgress: (progress) => {
          if (!signal.aborted) this.#setPhase({ kind: 'loading', source, name, progress });
        },
      });
      if (signal.aborted) {
        await this.#client.unload(model.handle);
        return;
      }
      this.#becomeReady(model, source, settings);
      await this.#refreshCached();
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!signal.aborted) this.#fail({ kind: 'failed', failure, source, during: 'loading', loaded: undefined });
      else await this.#refreshCached();
    }
  }

  #becomeReady(model: LoadedModel, source: ModelSource, loadedWith: Settings): void {
    const { name } = model.inspection;
    const lastModel = {
      name,
      source: model.cacheId === undefined ? source : { kind: 'cached' as const, id: model.cacheId },
    };
    this.#preferences.writeLastModel(lastModel);
    this.#store.update((state) => ({
      ...state,
      phase: { kind: 'ready', model },
      lastModel,
      loadedWith,
    }));
  }

  async #deleteCached(model: CachedModel): Promise<void> {
    try {
      await this.#client.deleteCached(model.id);
    } catch (thrown) {
      const { message } = toFailure(thrown);
      this.#store.update((state) => ({ ...state, notice: message }));
    }
    await this.#refreshCached();
  }

  async #restart(then: 'choose' | 'loadAgain'): Promise<void> {
    this.#stopTask();
    const { lastModel } = this.#store.state;
    this.#setPhase({ kind: 'starting' });
    this.#client.restart();
    if (!(await this.#learn())) return;
    if (lastModel === undefined || then === 'choose') this.#setPhase({ kind: 'choosing', loaded: undefined });
    else await this.#load(lastModel.source, lastModel.name);
  }

  /** A failure of the worker itself is a state of the page, not of one load. */
  #fail(phase: Extract<Phase, { kind: 'failed' }>): void {
    if (phase.failure.name === 'WorkerFailed') this.#setPhase({ kind: 'workerLost', failure: phase.failure });
    else this.#setPhase(phase);
  }

  #startTask(): AbortController {
    this.#stopTask();
    this.#task = new AbortController();
    return this.#task;
  }

  #stopTask(): void {
    this.#task.abort();
  }

  #setPhase(phase: Phase): void {
    this.#store.update((state) => ({ ...state, phase }));
  }
}
