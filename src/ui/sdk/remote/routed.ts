/** Resources in front of which a router stands: the same calls, with the same types. Knows no policy. */
import type { LoadedModels, Models } from '../models.ts';
import type { ModelDescription, ModelList } from '../openai-types.ts';
import type { RunOptions } from '../samples.ts';
import { serverUnfitBy } from './policy.ts';
import type { RanOn } from './route.ts';
import { marked, type Call, type Router } from './router.ts';

/** What has a `create`, however overloaded. */
interface Resource {
  create(params: never, options?: never): Promise<unknown>;
}

/** As `local`, but computed where the router says. An answer of a server is what the server sends, with the mark. */
export function routed<R extends Resource>(router: Router, path: Call['path'], local: R): Pick<R, 'create'> {
  const create = (params: Call['params'], options: RunOptions = {}): Promise<unknown> =>
    router.run({ path, params, options, local: (changed) => local.create(changed as never, options as never) });
  // The router resolves with what `local.create` would, or with a server's answer to the same request.
  return { create: create };
}

/** `models.list` and `models.retrieve`: of the loaded ones, then of the server's. */
export class RoutedModels implements Pick<Models, 'list' | 'retrieve'> {
  readonly #router: Router;
  readonly #models: Models;
  readonly #loaded: LoadedModels;

  constructor(router: Router, models: Models, loaded: LoadedModels) {
    this.#router = router;
    this.#models = models;
    this.#loaded = loaded;
  }

  /** A server that cannot be asked is left out, and the list's mark says why. @throws RemoteError where it refuses */
  async list(): Promise<ModelList> {
    const ours: RanOn = { ranOn: 'device', reason: 'policy', detail: '' };
    const list = await this.#models.list();
    const own = list.data.map((model) => marked(model, ours));
    try {
      const theirs = (await this.#router.listModels()) ?? [];
      return { object: 'list', data: [...own, ...theirs.map(described)], linnet: ours };
    } catch (thrown) {
      const unfit = serverUnfitBy(thrown);
      if (unfit === undefined) throw thrown;
      return { object: 'list', data: own, linnet: { ranOn: 'device', ...unfit } };
    }
  }

  /** @throws ModelNotLoaded where neither has it; RemoteError */
  async retrieve(id: string): Promise<ModelDescription> {
    if (!this.#loaded.all.some((model) => model.id === id)) {
      const found = (await this.#router.listModels())?.find((model) => model['id'] === id);
      if (found !== undefined) return described(found);
    }
    return this.#models.retrieve(id);
  }
}

/** Some servers leave out all but the id. */
function described(model: Readonly<Record<string, unknown>>): ModelDescription {
  const { created, owned_by } = model;
  return {
    ...model,
    id: String(model['id']),
    object: 'model',
    created: typeof created === 'number' ? created : 0,
    owned_by: typeof owned_by === 'string' ? owned_by : '',
  };
}
