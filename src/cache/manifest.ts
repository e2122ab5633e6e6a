/**
 * What the store knows of a file: where it came from, how it is cut, which chunks are there. Pure and synchronous;
 * `parseManifest` is the guard at the edge of IndexedDB. It knows nothing of how or where manifests are kept.
 */

/** A manifest of another version, and the chunks under it, are thrown away. */
export const MANIFEST_VERSION = 1;

/** What tells one version of a file from the next. All optional: servers, and CORS, often hide some of them. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
  /** The hub's own hash of the file, from its listing. */
  readonly contentId?: string;
}

export interface Manifest {
  readonly formatVersion: typeof MANIFEST_VERSION;
  /** SHA-256 of the URL, in hex. */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  /** The ways this file was asked for (see `sourceKey`), so that it is found again with no network. */
  readonly sourceKeys: readonly string[];
  readonly validators: Validators;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** A bit for each chunk, lowest bit first; set when its bytes are in the store. [ceil(numChunks / 8)] */
  readonly presentChunks: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly lastUsedMs: number;
}

export function numChunks(manifest: Pick<Manifest, 'sizeBytes' | 'chunkBytes'>): number {
  return Math.ceil(manifest.sizeBytes / manifest.chunkBytes);
}

export function hasChunk(manifest: Manifest, chunk: number): boolean {
  return ((manifest.presentChunks[chunk >> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
}

export function withChunk(manifest: Manifest, chunk: number, present: boolean): Manifest {
  const presentChunks = manifest.presentChunks.slice();
  const byte = presentChunks[chunk >> 3] ?? 0;
  presentChunks[chunk >> 3] = present ? byte | (1 << (chunk & 7)) : byte & ~(1 << (chunk & 7));
  return { ...manifest, presentChunks };
}

export function storedBytes(manifest: Manifest): number {
  let bytes = 0;
  for (let chunk = 0; chunk < numChunks(manifest); chunk++) {
    if (!hasChunk(manifest, chunk)) continue;
    bytes += Math.min(manifest.chunkBytes, manifest.sizeBytes - chunk * manifest.chunkBytes);
  }
  return bytes;
}

export function isComplete(manifest: Manifest): boolean {
  return storedBytes(manifest) === manifest.sizeBytes;
}

export function emptyManifest(
  of: Pick<Manifest, 'id' | 'name' | 'url' | 'sourceKeys' | 'validators' | 'sizeBytes' | 'chunkBytes' | 'lastUsedMs'>,
): Manifest {
  return { ...of, formatVersion: MANIFEST_VERSION, presentChunks: new Uint8Array(Math.ceil(numChunks(of) / 8)) };
}

/**
 * True when the two cannot be the same version of a file. The strongest validator that both have decides: a server's
 * ETag may outlive its Last-Modified on another mirror, but not the other way round.
 */
export function differ(a: Validators, b: Validators): boolean {
  if (a.contentId !== undefined && b.contentId !== undefined) return a.contentId !== b.contentId;
  if (a.etag !== undefined && b.etag !== undefined) return weak(a.etag) !== weak(b.etag);
  if (a.lastModified !== undefined && b.lastModified !== undefined) return a.lastModified !== b.lastModified;
  return false;
}

/** True when chunks of one may stand among chunks of the other. */
export function isSameVersion(a: Manifest, b: Manifest): boolean {
  return a.sizeBytes === b.sizeBytes && a.chunkBytes === b.chunkBytes && !differ(a.validators, b.validators);
}

/** Weak comparison: a proxy that compresses marks the same bytes `W/`. */
function weak(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** The manifest that `value` is, or undefined when it is none, or one that contradicts itself. */
export function parseManifest(value: unknown): Manifest | undefined {
  if (!isRecord(value)) return undefined;
  const { formatVersion, id, name, url, sourceKeys, validators, sizeBytes, chunkBytes, presentChunks, lastUsedMs } =
    value;
  if (formatVersion !== MANIFEST_VERSION) return undefined;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof url !== 'string') return undefined;
  if (!isPositiveInteger(sizeBytes) || !isPositiveInteger(chunkBytes) || typeof lastUsedMs !== 'number')
    return undefined;
  if (!(presentChunks instanceof Uint8Array) || !isRecord(validators) || !Array.isArray(sourceKeys)) return undefined;
  if (presentChunks.length !== Math.ceil(numChunks({ sizeBytes, chunkBytes }) / 8)) return undefined;
  return {
    formatVersion,
    id,
    name,
    url,
    sourceKeys: sourceKeys.filter((key) => typeof key === 'string'),
    validators: parseValidators(validators),
    sizeBytes,
    chunkBytes,
    presentChunks,
    lastUsedMs,
  };
}

function parseValidators(value: Readonly<Record<string, unknown>>): Validators {
  const { etag, lastModified, contentId } = value;
  return {
    ...(typeof etag === 'string' && { etag }),
    ...(typeof lastModified === 'string' && { lastModified }),
    ...(typeof contentId === 'string' && { contentId }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
