/**
 * What a person pastes to name a model: a URL of a file, a page of the hub, or a repository id. Pure; it asks nobody
 * whether the thing exists.
 */
import { CacheError } from './errors.ts';

export const PUBLIC_HUB = 'https://huggingface.co';
export const DEFAULT_REVISION = 'main';

export interface UrlSource {
  readonly kind: 'url';
  readonly url: string;
}

export interface HubSource {
  readonly kind: 'huggingFace';
  /** `owner/name`. */
  readonly repo: string;
  /** Path of one file; default: the best 4-bit one. */
  readonly file?: string;
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
  /** Base URL of the hub; default the public one. */
  readonly hub?: string;
}

/** A file in the store, by its id. */
export interface CachedSource {
  readonly kind: 'cached';
  readonly id: string;
}

export type RemoteSource = UrlSource | HubSource;

const HUB_HOSTS = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co']);
/** First path segments of the hub that are not owners. */
const NOT_OWNERS = new Set(['datasets', 'spaces', 'models', 'docs', 'collections', 'papers', 'api', 'blog']);
/** One part of a repository id: letters, digits, `-`, `_`, `.`; no dot or dash at the ends, no `--` or `..`. */
const NAME = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;

/** The source that `text` names: a URL, a URL of the hub, or `owner/name`. Throws `InvalidRequest`. */
export function parseModelReference(text: string): RemoteSource {
  const trimmed = text.trim();
  const withScheme = /^(?:www\.)?(?:huggingface\.co|hf\.co)\//.test(trimmed) ? `https://${trimmed}` : trimmed;
  if (/^https?:\/\//i.test(withScheme)) return parseUrl(withScheme);
  const [owner, name, ...file] = trimmed.split('/');
  const repo = `${owner ?? ''}/${name ?? ''}`;
  if (!isRepoId(repo)) throw notAReference(trimmed);
  return { kind: 'huggingFace', repo, ...(file.length > 0 && { file: checkPath(file.join('/')) }) };
}

export function isRepoId(repo: string): boolean {
  const parts = repo.split('/');
  return parts.length === 2 && parts.every((part) => NAME.test(part)) && !/\.git$/.test(repo);
}

/** Throws `InvalidRequest` unless the source can be turned into a URL as it is. */
export function checkHubSource(source: HubSource): void {
  if (!isRepoId(source.repo)) throw notAReference(source.repo);
  if (source.file !== undefined) checkPath(source.file);
  checkPath(source.revision ?? DEFAULT_REVISION);
}

/** The one string by which a source is found again in the store. */
export function sourceKey(source: RemoteSource): string {
  if (source.kind === 'url') return source.url;
  const { repo, file = '', revision = DEFAULT_REVISION, hub = PUBLIC_HUB } = source;
  return ['hub', hub, repo, revision, file].join('\n');
}

function parseUrl(text: string): RemoteSource {
  if (!URL.canParse(text)) throw notAReference(text);
  const url = new URL(text);
  url.hash = '';
  if (!HUB_HOSTS.has(url.hostname)) return { kind: 'url', url: url.href };
  const [owner = '', name = '', page, revision, ...file] = url.pathname.split('/').filter(Boolean).map(decode);
  const repo = `${owner}/${name}`;
  if (NOT_OWNERS.has(owner) || !isRepoId(repo)) throw notAReference(text);
  if (page === undefined || revision === undefined) return { kind: 'huggingFace', repo };
  const chosen = { kind: 'huggingFace', repo, ...(revision !== DEFAULT_REVISION && { revision }) } as const;
  if (page === 'tree') return chosen;
  if (!['blob', 'resolve', 'raw'].includes(page) || file.length === 0) return { kind: 'huggingFace', repo };
  return { ...chosen, file: checkPath(file.join('/')) };
}

function checkPath(path: string): string {
  const isClean = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!isClean || /[\u0000-\u001f\\?#]/.test(path)) {
    throw new CacheError('InvalidRequest', `"${path}" is no path in a repository; copy it from the repository's page.`);
  }
  return path;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function notAReference(text: string): CacheError {
  return new CacheError(
    'InvalidRequest',
    `"${text}" names no model; give the URL of a .gguf file, or a repository as owner/name.`,
  );
}
