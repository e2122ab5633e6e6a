/**
 * The curated models of public/models.json, and the guard that reads it. It knows nothing of how they are fetched or shown.
 */
import type { ModelSource } from '../../worker/api.ts';

export interface CatalogueModel {
  readonly name: string;
  /** One sentence for a person who chooses. */
  readonly summary: string;
  /** A repository of the hub; undefined for a model that lies beside the page: the built-in one. */
  readonly repo: string | undefined;
  /** In the repository, or a path relative to the page. */
  readonly file: string;
  readonly sizeBytes: number;
  /** The size was not read from the file's host. */
  readonly sizeIsApproximate: boolean;
  readonly parameters: string;
  readonly weightType: string;
  readonly contextLength: number;
  readonly licence: string;
  readonly licenceUrl: string | undefined;
  /** The one to take when in doubt. */
  readonly recommended: boolean;
}

/** The named guard: entries that are not whole are left out. */
export function parseCatalogue(json: unknown): readonly CatalogueModel[] {
  if (typeof json !== 'object' || json === null || !('models' in json) || !Array.isArray(json.models)) return [];
  return json.models.flatMap((entry: unknown) => parseModel(entry) ?? []);
}

/** Where the model comes from; `base` is the page's own address. */
export function sourceOf({ repo, file }: CatalogueModel, base: string): ModelSource {
  return repo === undefined ? { kind: 'url', url: new URL(file, base).href } : { kind: 'huggingFace', repo, file };
}

/** The model that comes with the page: it needs no consent, since it is a part of what was visited. */
export function builtInModel(catalogue: readonly CatalogueModel[]): CatalogueModel | undefined {
  return catalogue.find(({ repo }) => repo === undefined);
}

function parseModel(entry: unknown): CatalogueModel | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(entry));
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const count = (name: string): number | undefined => {
    const value = fields.get(name);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const [name, repo, file, licence] = [text('name'), text('repo'), text('file'), text('licence')];
  const [sizeBytes, contextLength] = [count('sizeBytes'), count('contextLength')];
  if (name === undefined || file === undefined || licence === undefined) return undefined;
  if (sizeBytes === undefined || contextLength === undefined) return undefined;
  return {
    name,
    repo,
    file,
    licence,
    sizeBytes,
    contextLength,
    summary: text('summary') ?? '',
    sizeIsApproximate: fields.get('sizeIsApproximate') !== false,
    parameters: text('parameters') ?? '',
    weightType: text('weightType') ?? '',
    licenceUrl: text('licenceUrl'),
    recommended: fields.get('recommended') === true,
  };
}
