/**
 * Sends each request to the device or to the server as the policy says, tells `onRoute` before anything is sent, and marks what
 * comes back. Knows requests by their path alone, and the device through the resources that it stands in front of.
 */
import { toLinnetError, type LinnetError } from '../../errors.ts';
import type { LoadedModels } from '../models.ts';
import { missing } from '../request-error.ts';
import type { RunOptions } from '../samples.ts';
import { Stream } from '../stream.ts';
import type { RemoteOptions } from './options.ts';
import { firstChoice, serverUnfitBy, unfitBy, type Choice, type DeviceFacts, type Unfit } from './policy.ts';
import type { RanOn } from './route.ts';
import { RemoteServer, type RemotePath } from './server.ts';

type Params = Readonly<Record<string, unknown>> & { readonly model?: string };

export interface Call {
  readonly path: Exclude<RemotePath, 'models'>;
  readonly params: Params;
  readonly options: RunOptions;
  /** The same on the device. */
  readonly local: (params: Params) => Promise<unknown>;
}

/** In the place of an answer that was not asked for. */
const VETOED = Symbol('vetoed');

/** Answers of fewer tokens say little about speed. */
const MIN_TOKENS_OF_A_SPEED = 16;

export class Router {
  readonly options: RemoteOptions;
  readonly #server: RemoteServer;
  readonly #loaded: LoadedModels;
  readonly #unfit = new Map<string, Unfit & { readonly error?: LinnetError }>();
  readonly #tokensPerSecond = new Map<string, number>();

  /** @throws RequestError for options that are wrong */
  constructor(options: RemoteOptions, loaded: LoadedModels) {
    this.options = options;
    this.#server = new RemoteServer(options);
    this.#loaded = loaded;
  }

  get policy(): NonNullable<RemoteOptions['policy']> {
    return this.options.policy ?? 'local';
  }

  /** A model is not to be computed here. An error is what its requests fail with where the server is not to be asked. */
  noteUnfit(id: string, unfit: Unfit, error?: LinnetError): void {
    this.#unfit.set(id, error === undefined ? unfit : { ...unfit, error });
  }

  /** A model is loaded, whatever was said of it and however fast one of its name was. */
  noteLoaded(id: string): void {
    this.#unfit.delete(id);
    this.#tokensPerSecond.delete(id);
  }

  /** An answer, or a stream of its pieces, marked. @throws LinnetError of where it was computed last */
  async run(call: Call): Promise<unknown> {
    const { id, facts } = this.#model(call.params.model);
    const choice = this.#choose(call, id, facts);
    return choice.ranOn === 'device' ? this.#onDevice(call, id, choice) : this.#onServer(call, id, choice);
  }

  /** What the server has, marked; undefined where it is not to be asked. @throws RemoteError; LinnetError `Aborted` */
  async listModels(signal?: AbortSignal): Promise<readonly Record<string, unknown>[] | undefined> {
    if (this.policy === 'local') return undefined;
    const prepared = this.#server.prepare('models', {}, undefined);
    const choice: Choice = { ranOn: 'remote', reason: 'policy', detail: '' };
    if (!(await this.#mayAsk(prepared, choice))) return undefined;
    const { data } = await this.#server.ask(prepared, signal);
    return (data as readonly Record<string, unknown>[]).map((model) => marked(model, this.#remoteMark(choice)));
  }

  async #onDevice(call: Call, id: string | undefined, choice: Choice): Promise<unknown> {
    const { reason, detail } = choice;
    await this.options.onRoute?.({ ranOn: 'device', reason, detail });
    try {
      return this.#mark(await call.local(call.params), { ranOn: 'device', reason, detail }, id);
    } catch (thrown) {
      const unfit = this.policy === 'localFirst' ? unfitBy(toLinnetError(thrown)) : undefined;
      if (unfit === undefined || !this.#isSameModel(call, id)) throw thrown;
      const answer = await this.#ask(call, id, { ranOn: 'remote', ...unfit });
      if (answer === VETOED) throw thrown;
      return answer;
    }
  }

  async #onServer(call: Call, id: string | undefined, choice: Choice): Promise<unknown> {
    try {
      const answer = await this.#ask(call, id, choice);
      if (answer !== VETOED) return answer;
    } catch (thrown) {
      const unfit = this.policy === 'remoteFirst' ? serverUnfitBy(thrown) : undefined;
      const local = this.#standIn(id);
      if (unfit === undefined || local === undefined || !this.#isSameModel(call, local)) throw thrown;
      return this.#onDevice(withModel(call, local), local, { ranOn: 'device', ...unfit });
    }
    const local = this.#standIn(id) ?? id;
    const error = local === undefined ? undefined : this.#unfit.get(local)?.error;
    if (error !== undefined && !this.#isLoaded(local)) throw error;
    const detail = `onRoute kept it from ${this.#server.host}.`;
    // It is on the device or nowhere: the server is not asked again.
    await this.options.onRoute?.({ ranOn: 'device', reason: 'vetoed', detail });
    const answer = await call.local(withModel(call, local).params);
    return this.#mark(answer, { ranOn: 'device', reason: 'vetoed', detail }, local);
  }

  /** @throws RemoteError and others; resolves with VETOED where nothing was sent */
  async #ask({ path, params, options }: Call, id: string | undefined, choice: Choice): Promise<unknown> {
    const prepared = this.#server.prepare(path, params, this.#nameThere(id));
    if (!(await this.#mayAsk(prepared, choice))) return VETOED;
    const mark = this.#remoteMark(choice);
    if (params['stream'] !== true) return marked(await this.#server.ask(prepared, options.signal), mark);
    const stream = await Stream.open((signal) => {
      const either = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
      return this.#server.stream(prepared, either);
    });
    return stream.map((piece) => marked(piece, mark));
  }

  async #mayAsk(prepared: ReturnType<RemoteServer['prepare']>, { reason, detail }: Choice): Promise<boolean> {
    const { url, sentBytes, body } = prepared;
    const { host } = this.#server;
    const said = await this.options.onRoute?.({ ranOn: 'remote', reason, detail, host, url, sentBytes, body });
    return said !== false;
  }

  #choose(call: Call, id: string | undefined, facts: DeviceFacts): Choice {
    const choice = firstChoice(this.policy, facts, this.options.minTokensPerSecond);
    // Vectors of another model are of no use beside those of this one: a slow device is no reason.
    if (choice.ranOn === 'remote' && facts.isLoaded && this.policy === 'localFirst' && !this.#isSameModel(call, id))
      return { ranOn: 'device', reason: 'policy', detail: '' };
    return choice;
  }

  /** The model on the device that a request is about. */
  #model(asked: string | undefined): { readonly id: string | undefined; readonly facts: DeviceFacts } {
    const known = this.#loaded.all.map((model) => model.id);
    const ids = known.length > 0 ? known : [...this.#unfit.keys()];
    const id = asked ?? (ids.length === 1 ? ids[0] : undefined);
    const [unfit, tokensPerSecond] =
      id === undefined ? [undefined, undefined] : [this.#unfit.get(id), this.#tokensPerSecond.get(id)];
    return { id, facts: { isLoaded: this.#isLoaded(id), unfit, tokensPerSecond } };
  }

  #isLoaded(id: string | undefined): boolean {
    return this.#loaded.all.some((model) => model.id === id);
  }

  /** @throws RequestError where no name is known */
  #nameThere(id: string | undefined): string {
    const { models = {}, model } = this.options;
    if (id !== undefined && Object.hasOwn(models, id)) return models[id] ?? id;
    const isOurs = id === undefined || this.#isLoaded(id) || this.#unfit.has(id);
    const name = isOurs ? (model ?? id) : id;
    if (name === undefined) throw missing('model (what the server calls it; or remote.model)');
    return name;
  }

  /** The loaded model that is asked where the server does not answer for one: itself, or the one it was named to stand in for. */
  #standIn(id: string | undefined): string | undefined {
    if (this.#isLoaded(id)) return id;
    const [ours] = Object.entries(this.options.models ?? {}).find(([, theirs]) => theirs === id) ?? [];
    return this.#isLoaded(ours) ? ours : undefined;
  }

  /** Texts of another model are answers too; vectors of another model are not comparable, so the caller has to have said it. */
  #isSameModel({ path }: Call, id: string | undefined): boolean {
    return path !== 'embeddings' || (id !== undefined && Object.hasOwn(this.options.models ?? {}, id));
  }

  #remoteMark({ reason, detail }: Choice): RanOn {
    return { ranOn: 'remote', host: this.#server.host, reason, detail };
  }

  #mark(answer: unknown, mark: RanOn, id: string | undefined): unknown {
    if (answer instanceof Stream)
      return (answer as Stream<object>).map((piece) => this.#observed(marked(piece, mark), id));
    return this.#observed(marked(answer as object, mark), id);
  }

  /** Keeps the best speed of a model on this device, until it is loaded again. */
  #observed<T extends object>(answer: T, id: string | undefined): T {
    const { usage } = answer as { readonly usage?: SpeedOfAnswer | null };
    const speed = usage?.timings?.decode_tokens_per_second;
    if (id === undefined || speed === undefined || (usage?.completion_tokens ?? 0) < MIN_TOKENS_OF_A_SPEED)
      return answer;
    this.#tokensPerSecond.set(id, Math.max(speed, this.#tokensPerSecond.get(id) ?? 0));
    return answer;
  }
}

interface SpeedOfAnswer {
  readonly completion_tokens?: number;
  readonly timings?: { readonly decode_tokens_per_second: number };
}

function withModel(call: Call, model: string | undefined): Call {
  return model === undefined ? call : { ...call, params: { ...call.params, model } };
}

/** The answer with the mark on it and on its usage. */
export function marked<T extends object>(answer: T, linnet: RanOn): T & { linnet: RanOn } {
  const { usage } = answer as { readonly usage?: unknown };
  if (typeof usage !== 'object' || usage === null) return { ...answer, linnet };
  return { ...answer, usage: { ...usage, linnet }, linnet };
}
