/**
 * From a repository of the hub to the URL of one file in it: lists the repository through the hub's API, picks, and
 * names the download URL (which answers with a redirect to wherever the bytes lie). It fetches no byte of the file.
 * https://huggingface.co/docs/hub/api
 */
import { CacheError } from './errors.ts';
import { send, throwForStatus } from './http.ts';
import type { CacheHost } from './host.ts';
import { DEFAULT_REVISION, PUBLIC_HUB, checkHubSource, type HubSource } from './model-reference.ts';
import { baseName, findFile, pickFile, type RepositoryFile } from './pick-file.ts';
import { MAX_ATTEMPTS, TransientError, backoffMs } from './retry.ts';

export interface ResolvedFile {
  readonly url: string;
  /** As the listing says it. */
  readonly sizeBytes: number | undefined;
  /** The hub's hash of the content, as the listing says it. */
  readonly contentId: string | undefined;
  /** Without folders. */
  readonly fileName: string;
}

/** A thousand files a page; a repository of more than this is no model's. */
const MAX_PAGES = 20;

/**
 * Throws `InvalidRequest` (no such file, or nothing to run in there), `RepositoryNotFound`, `HttpFailed`,
 * `NetworkFailed`, `Aborted`.
 */
export async function resolveHub(
  source: Omit<HubSource, 'kind'>,
  host: CacheHost,
  signal: AbortSignal,
): Promise<ResolvedFile> {
  checkHubSource({ kind: 'huggingFace', ...source });
  const { repo, revision = DEFAULT_REVISION } = source;
  const hub = (source.hub ?? PUBLIC_HUB).replace(/\/+$/, '');
  const listUrl = `${hub}/api/models/${repo}/tree/${encodeURIComponent(revision)}?recursive=true`;
  const files = await listFiles(host, listUrl, repo, signal);
  const file = source.file === undefined ? pickFile(files, repo) : findFile(files, source.file, repo);
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return {
    url: `${hub}/${repo}/resolve/${encodeURIComponent(revision)}/${path}`,
    sizeBytes: file.sizeBytes,
    contentId: file.contentId,
    fileName: baseName(file.path),
  };
}

async function listFiles(
  host: CacheHost,
  firstUrl: string,
  repo: string,
  signal: AbortSignal,
): Promise<readonly RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  let url: string | undefined = firstUrl;
  for (let page = 0; url !== undefined && page < MAX_PAGES; page++) {
    const response = await getWithRetry(host, url, repo, signal);
    files.push(...parseListing(await readJson(response)));
    url = nextPage(response.headers.get('Link'), url);
  }
  return files;
}

async function getWithRetry(host: CacheHost, url: string, repo: string, signal: AbortSignal): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await send(host, url, { method: 'GET', headers: {}, signal });
      // The hub says 401 for a repository that does not exist, so as not to betray private ones.
      if (response.status === 404 || response.status === 401 || response.status === 403) {
        throw new CacheError(
          'RepositoryNotFound',
          `The hub has no public repository ${repo} (or not this revision); check the name.`,
        );
      }
      throwForStatus(response, `The list of ${repo}`, host.nowMs());
      return response;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (attempt + 1 >= MAX_ATTEMPTS) throw error.final;
      await host.delay(backoffMs(attempt, host.random(), error.retryAfterMs), signal);
    }
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const value: unknown = await response.json();
    return value;
  } catch (error) {
    throw badListing(error);
  }
}

/** The guard at the edge: entries of another shape are left out, another shape altogether is an error. */
function parseListing(value: unknown): readonly RepositoryFile[] {
  if (!Array.isArray(value)) throw badListing(undefined);
  const entries: readonly unknown[] = value;
  return entries.flatMap((entry) => {
    if (!isRecord(entry) || entry['type'] !== 'file' || typeof entry['path'] !== 'string') return [];
    const lfs = isRecord(entry['lfs']) ? entry['lfs'] : {};
    const [size, oid] = [lfs['size'] ?? entry['size'], lfs['oid'] ?? entry['oid']];
    return {
      path: entry['path'],
      sizeBytes: typeof size === 'number' ? size : undefined,
      contentId: typeof oid === 'string' ? oid : undefined,
    };
  });
}

/** `<https://...>; rel="next"`; relative to the page it came with. A page elsewhere is not followed. */
function nextPage(link: string | null, from: string): string | undefined {
  const target = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, from)) return undefined;
  const next = new URL(target, from);
  return next.origin === new URL(from).origin && next.href !== from ? next.href : undefined;
}

function badListing(cause: unknown): CacheError {
  return new CacheError('HttpFailed', "The hub's list of files could not be read; give the file's URL instead.", {
    cause,
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
