/** Which models are loaded, by the ids that requests call them by: the registry, and `models.list` in OpenAI's shapes. */
import { LinnetError } from '../errors.ts';
import type { NamedModel } from './host.ts';
import type { ModelDescription, ModelList } from './openai-types.ts';
import { invalid, missing } from './request-error.ts';

export class LoadedModels {
  readonly #models = new Map<string, NamedModel>();
  /** Ids of models on their way. */
  readonly #reserved = new Set<string>();

  get all(): readonly NamedModel[] {
    return [...this.#models.values()];
  }

  /** @throws ModelNotLoaded for an unknown id; RequestError where none is given and not just one model is loaded */
  get(id: string | undefined): NamedModel {
    const model = id === undefined ? this.all[0] : this.#models.get(id);
    const known = this.all.map((other) => other.id).join(', ');
    if (id === undefined && this.#models.size > 1) throw missing(`model (one of ${known})`);
    if (model !== undefined) return model;
    const detail = known === '' ? 'No model is loaded.' : `There is no model ${String(id)}; loaded are: ${known}.`;
    throw new LinnetError('ModelNotLoaded', `${detail} Load it first.`);
  }

  /** Keeps an id for a model on its way; returns how to let it go. @throws RequestError when it is taken */
  reserve(id: string | undefined): () => void {
    if (id === undefined) return () => undefined;
    if (id === '' || this.#isTaken(id)) throw invalid('id', id, 'a name that no other model has');
    this.#reserved.add(id);
    return () => {
      this.#reserved.delete(id);
    };
  }

  /** The name, or with the next number behind it that makes it free. */
  freeId(name: string): string {
    let id = name;
    for (let number = 2; this.#isTaken(id); number += 1) id = `${name}-${String(number)}`;
    return id;
  }

  add(model: NamedModel): void {
    this.#models.set(model.id, model);
  }

  delete(model: NamedModel): void {
    this.#models.delete(model.id);
  }

  #isTaken(id: string): boolean {
    return this.#models.has(id) || this.#reserved.has(id);
  }
}

/** `engine.models`: those that are loaded. */
export class Models {
  readonly #loaded: LoadedModels;

  constructor(loaded: LoadedModels) {
    this.#loaded = loaded;
  }

  /** All of them, in the order in which they were loaded. */
  list(): Promise<ModelList> {
    return Promise.resolve({ object: 'list', data: this.#loaded.all.map(describe) });
  }

  /** One of them. @throws LinnetError `ModelNotLoaded` */
  async retrieve(id: string): Promise<ModelDescription> {
    return Promise.resolve(describe(this.#loaded.get(id)));
  }
}

function describe({ id, created }: NamedModel): ModelDescription {
  return { id, object: 'model', created, owned_by: 'linnet' };
}
