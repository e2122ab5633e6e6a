/** The models that can be measured: kept, of the catalogue, named in the address, or a file. Fetches nothing. */
import type { CachedModel, ModelSource } from '../../worker/api.ts';
import { sourceOf, type CatalogueModel } from '../state/catalogue.ts';
import { formatBytes } from '../state/format.ts';
import { describeSource, parseSource } from '../state/source.ts';
import { DEFAULT_BENCH, type BenchCounts, type BenchSettings } from './result.ts';
import { strings } from './strings.ts';

export interface BenchChoice {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly source: ModelSource;
  /** Whether measuring it downloads something. */
  readonly downloads: boolean;
}

export function keptChoices(models: readonly CachedModel[]): readonly BenchChoice[] {
  return models
    .filter(({ complete }) => complete)
    .map(({ id, name, sizeBytes }) => ({
      id: `kept:${id}`,
      group: strings.kept,
      label: strings.catalogueModel(name, formatBytes(sizeBytes)),
      source: { kind: 'cached', id },
      downloads: false,
    }));
}

/** `base`: the page's own address, beside which the built-in model lies. */
export function catalogueChoices(models: readonly CatalogueModel[], base: string): readonly BenchChoice[] {
  return models.map((model) => ({
    id: `hub:${model.repo ?? 'page'}/${model.file}`,
    group: model.repo === undefined ? strings.builtIn : strings.catalogue,
    label: strings.catalogueModel(model.name, formatBytes(model.sizeBytes)),
    source: sourceOf(model, base),
    downloads: model.repo !== undefined,
  }));
}

export function fileChoice(file: File): BenchChoice {
  return {
    id: 'file',
    group: strings.file,
    label: strings.catalogueModel(file.name, formatBytes(file.size)),
    source: { kind: 'file', file },
    downloads: false,
  };
}

/** What an address asks for: `?model=` as the chat takes it, `?cached=` with the id of a kept model, and numbers. */
export interface BenchLink {
  readonly linked: BenchChoice | undefined;
  readonly chosen: string | undefined;
  readonly settings: BenchSettings;
}

export function readLink(search: string, base: string): BenchLink {
  const params = new URLSearchParams(search);
  const parsed = parseSource(params.get('model') ?? '', base);
  const cached = params.get('cached');
  const linked: BenchChoice | undefined =
    parsed.kind === 'source'
      ? {
          id: 'linked',
          group: strings.linked,
          label: describeSource(parsed.source),
          source: parsed.source,
          downloads: true,
        }
      : undefined;
  const count = (name: keyof BenchCounts, least: number): number => {
    const value = Number(params.get(name) ?? NaN);
    return Number.isSafeInteger(value) && value >= least ? value : DEFAULT_BENCH[name];
  };
  return {
    linked,
    chosen: linked?.id ?? (cached === null ? undefined : `kept:${cached}`),
    settings: {
      numPrompt: count('numPrompt', 1),
      // The first token comes with the prompt: one alone would have no speed.
      numGenerate: count('numGenerate', 2),
      kvFill: count('kvFill', 0),
      numRepeats: count('numRepeats', 1),
      ...(params.get('precision') === 'int8' ? { precision: 'int8' as const } : {}),
    },
  };
}
