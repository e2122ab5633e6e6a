/**
 * The way of a model from "start" to "ready": looks at what is cached, inspects, asks, loads, cancels, recovers. It turns
 * the client's promises into phases of the state. It knows no DOM and never downloads before consent; what comes with the
 * page is no download.
 */
import type { CachedModel, LoadedModel, ModelSource } from '../../worker/api.ts';
import type { EngineClient } from '../client.ts';
import { toFailure, type Failure } from '../errors.ts';
import type { ModelActions } from './actions.ts';
import { choiceUnderWay, loadedModel, type AppState, type ModelChoice, type Phase } from './app-state.ts';
import { engineIsBack } from './conversation.ts';
import type { Preferences } from './preferences.ts';
import { toLoadOptions, type Settings } from './settings.ts';
import { describeSource } from './source.ts';
import type { Store } from './store.ts';

export type BuiltIn = Pick<ModelChoice, 'source' | 'name'>;

export interface ModelControllerOptions {
  readonly client: EngineClient;
  readonly store: Store<AppState>;
  readonly preferences: Preferences;
  /** The model that comes with the page, where one does. */
  readonly builtIn: () => Promise<BuiltIn | undefined>;
  /** It is loaded when a visitor comes and no other model is at hand; else it is one of the list. */
  readonly loadUnasked: boolean;
  /** Asks the browser not to clear what is kept; it may fail. */
  readonly persistStorage: () => Promise<void>;
  /** A link's model that is kept already is loaded without a question. Default false: a link is somebody else's wish. */
  readonly loadLinkedIfHere?: boolean;
  /** Rejects when the page turns out to forbid what a model is read from; else it stays open. */
  readonly whenForbidden?: (source: ModelSource) => Promise<never>;
}

export class ModelController {
  readonly #client: EngineClient;
  readonly #store: Store<AppState>;
  readonly #preferences: Preferences;
  readonly #builtIn: () => Promise<BuiltIn | undefined>;
  readonly #loadUnasked: boolean;
  readonly #persistStorage: () => Promise<void>;
  readonly #loadLinkedIfHere: boolean;
  readonly #whenForbidden: (source: ModelSource) => Promise<never>;
  /** Aborts what is under way; one thing at a time is. */
  #task = new AbortController();

  constructor(options: ModelControllerOptions) {
    this.#client = options.client;
    this.#store = options.store;
    this.#preferences = options.preferences;
    this.#builtIn = options.builtIn;
    this.#loadUnasked = options.loadUnasked;
    this.#persistStorage = options.persistStorage;
    this.#loadLinkedIfHere = options.loadLinkedIfHere ?? false;
    this.#whenForbidden = options.whenForbidden ?? (() => new Promise(() => undefined));
    this.#client.onFailure((error) => {
      this.#loseWorker(error, choiceUnderWay(this.#store.state.phase));
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
    inspect: (source) => void this.#inspect(newChoice(source)),
    loadBuiltIn: () => {
      void this.#loadBuiltIn();
    },
    acceptConsent: ({ keep }) => {
      const { phase } = this.#store.state;
      if (phase.kind !== 'consent') return;
      if (keep) this.#persistStorage().catch(() => undefined);
      void this.#load({ ...phase.choice, keep });
    },
    declineConsent: () => {
      this.actions.chooseModel();
    },
    cancel: () => {
      this.actions.chooseModel();
    },
    loadCached: (model) => {
      // The rest of an interrupted download is a download: it is asked for.
      if (model.complete || model.url === undefined) void this.#load(keptChoice(model));
      else void this.#inspect(newChoice({ kind: 'url', url: model.url }));
    },
    deleteCached: (model) => void this.#deleteCached(model),
    retry: () => {
      const { phase } = this.#store.state;
      if (phase.kind === 'failed') void this.#loadAgain(phase.choice);
    },
    loadWithoutKeeping: () => {
      const { phase } = this.#store.state;
      if (phase.kind !== 'failed') return;
      const choice = { ...phase.choice, keep: false };
      // A load that failed had been agreed to, and this is less of it.
      void (phase.during === 'loading' ? this.#load(choice) : this.#inspect(choice));
    },
    restart: () => void this.#restart('loadAgain'),
    reloadModel: () => {
      const { lastModel } = this.#store.state;
      if (lastModel !== undefined) void this.#loadAgain(lastModel);
    },
    inspectDevice: () => void this.#inspectDevice(),
  };

  /** Asks the engine what there is; a link's model is inspected, else the last kept one is loaded, else the built-in one. */
  async start(linked: ModelSource | undefined): Promise<void> {
    if (!(await this.#learn(undefined))) return;
    if (linked !== undefined) return this.#inspect(newChoice(linked), { loadIfHere: this.#loadLinkedIfHere });
    const { lastModel, cached } = this.#store.state;
    const source = lastModel?.source;
    const kept = source?.kind === 'cached' ? cached.find((model) => model.id === source.id) : undefined;
    if (kept?.complete === true) return this.#load(keptChoice(kept));
    await this.#startWithBuiltIn();
  }

  async #startWithBuiltIn(): Promise<void> {
    if (this.#loadUnasked) await this.#loadBuiltIn();
    else this.#setPhase({ kind: 'choosing', loaded: undefined });
  }

  /** Where no model comes with the page, the visitor chooses. */
  async #loadBuiltIn(): Promise<void> {
    const { signal } = this.#startTask();
    const model = await this.#builtIn();
    if (signal.aborted) return;
    // The browser's own cache of files keeps it, and a new version of the page brings its own.
    if (model !== undefined) await this.#load({ ...model, keep: false, builtIn: true });
    else this.#setPhase({ kind: 'choosing', loaded: loadedModel(this.#store.state.phase) });
  }

  /** Fills in what the engine knows of device and cache. False when there is nothing to go on with; `next` is for later. */
  async #learn(next: ModelChoice | undefined): Promise<boolean> {
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
      this.#loseWorker(toFailure(thrown), next);
      return false;
    }
  }

  /** What it cannot tell stays as it was. */
  async #inspectDevice(): Promise<void> {
    const [info, stats] = await Promise.allSettled([this.#client.info(), this.#client.stats()]);
    this.#store.update((state) => ({
      ...state,
      info: info.status === 'fulfilled' ? info.value : state.info,
      selfTest: stats.status === 'fulfilled' ? stats.value.selfTest : state.selfTest,
    }));
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

  /** Reads the header and asks; with `loadIfHere` it only asks when something would have to be downloaded. */
  async #inspect(choice: ModelChoice, { loadIfHere = false } = {}): Promise<void> {
    const { signal } = this.#startTask();
    const { phase, settings } = this.#store.state;
    const loaded = loadedModel(phase);
    this.#setPhase({ kind: 'inspecting', choice, loaded });
    const ended = new AbortController();
    const inspecting = { signal: AbortSignal.any([signal, ended.signal]), ...toLoadOptions(settings) };
    try {
      const inspection = await Promise.race([
        this.#client.inspect(choice.source, inspecting),
        this.#whenForbidden(choice.source),
      ]);
      if (signal.aborted) return;
      const known = { ...choice, name: inspection.name };
      if (loadIfHere && inspection.cached) await this.#load(known);
      else this.#setPhase({ kind: 'consent', choice: known, inspection, loaded });
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!signal.aborted) this.#fail({ kind: 'failed', failure, choice, during: 'inspecting', loaded });
    } finally {
      ended.abort();
    }
  }

  /** Only for what was agreed to, or is here already. */
  async #load(choice: ModelChoice): Promise<void> {
    const { settings, phase } = this.#store.state;
    const previous = loadedModel(phase);
    const { signal } = this.#startTask();
    this.#setPhase({ kind: 'loading', choice, progress: undefined });
    try {
      // A model that is gone already needs no unloading; anything worse shows in the load itself.
      if (previous !== undefined) await this.#client.unload(previous.handle).catch(() => undefined);
      const { source, keep = true } = choice;
      const model = await this.#client.load(
        { source, keep, ...toLoadOptions(settings) },
        {
          signal,
          onProgress: (progress) => {
            if (!signal.aborted) this.#setPhase({ kind: 'loading', choice, progress });
          },
        },
      );
      if (signal.aborted) {
        await this.#client.unload(model.handle);
        return;
      }
      this.#becomeReady(model, choice, settings);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!signal.aborted) this.#fail({ kind: 'failed', failure, choice, during: 'loading', loaded: undefined });
    }
    await this.#refreshCached();
  }

  /** A model that was wanted before: at once when all of it is here, else the visitor is asked again. */
  #loadAgain(choice: ModelChoice): Promise<void> {
    if (choice.builtIn) return this.#load(choice);
    const asked = choice.keep !== undefined;
    return asked && this.#isHere(choice.source) ? this.#load(choice) : this.#inspect(choice, { loadIfHere: asked });
  }

  /** True when it is known without looking that nothing of it needs a network. */
  #isHere(source: ModelSource): boolean {
    if (source.kind === 'cached')
      return this.#store.state.cached.some(({ id, complete }) => id === source.id && complete);
    return source.kind === 'file';
  }

  #becomeReady(model: LoadedModel, choice: ModelChoice, loadedWith: Settings): void {
    const { cacheId, inspection } = model;
    const source: ModelSource = cacheId === undefined ? choice.source : { kind: 'cached', id: cacheId };
    const lastModel = { ...choice, source, name: inspection.name };
    this.#preferences.writeLastModel(lastModel);
    this.#store.update((state) => ({
      ...state,
      phase: { kind: 'ready', model },
      conversation: engineIsBack(state.conversation),
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

  /** What was on its way in when the engine failed comes first, then what was in use. */
  async #restart(then: 'choose' | 'loadAgain'): Promise<void> {
    this.#stopTask();
    const { phase, lastModel } = this.#store.state;
    const choice = choiceUnderWay(phase) ?? lastModel;
    this.#setPhase({ kind: 'starting' });
    this.#client.restart();
    if (!(await this.#learn(choice))) return;
    if (then === 'choose') this.#setPhase({ kind: 'choosing', loaded: undefined });
    else if (choice === undefined) await this.#startWithBuiltIn();
    else await this.#loadAgain(choice);
  }

  /** A failure of the worker itself is a state of the page, not of one load. */
  #fail(phase: Extract<Phase, { kind: 'failed' }>): void {
    if (phase.failure.name === 'WorkerFailed') this.#loseWorker(phase.failure, phase.choice);
    else this.#setPhase(phase);
  }

  #loseWorker(error: Failure, choice: ModelChoice | undefined): void {
    this.#setPhase({ kind: 'workerLost', failure: { name: error.name, message: error.message }, choice });
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

/** A model nobody has been asked about yet. */
function newChoice(source: ModelSource): ModelChoice {
  return { source, name: describeSource(source), keep: undefined, builtIn: false };
}

function keptChoice(model: CachedModel): ModelChoice {
  return { source: { kind: 'cached', id: model.id }, name: model.name, keep: true, builtIn: false };
}
