/**
 * Which file of a repository to run when none is named: the best 4-bit GGUF that is a single file. Pure; it knows file
 * names and sizes, nothing of hubs.
 */
import { CacheError } from './errors.ts';

export interface RepositoryFile {
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** The hub's hash of the content. */
  readonly contentId: string | undefined;
}

/** Best first: quality at 4 bits, then near it, then larger, then what is at least readable. */
const PREFERRED = [
  ...['Q4_K_M', 'Q4_0', 'Q4_K_S', 'IQ4_NL', 'IQ4_XS', 'Q4_K_L', 'Q4_1', 'MXFP4'],
  ...['Q5_K_M', 'Q5_K_S', 'Q5_0', 'Q5_1', 'Q6_K', 'Q8_0'],
  ...['Q3_K_L', 'Q3_K_M', 'Q3_K_S', 'Q2_K', 'BF16', 'F16', 'TQ2_0', 'TQ1_0'],
];

/** Throws `InvalidRequest` that says what is there instead. */
export function pickFile(files: readonly RepositoryFile[], repo: string): RepositoryFile {
  const models = files.filter(({ path }) => /\.gguf$/i.test(path) && !/mmproj/i.test(baseName(path)));
  if (models.length === 0) {
    throw new CacheError(
      'InvalidRequest',
      `${repo} holds no GGUF file; look for a repository whose name ends in GGUF.`,
    );
  }
  const single = models.filter(({ path }) => !isSplitPart(path));
  const smallestFirst = single.toSorted((a, b) => (a.sizeBytes ?? Infinity) - (b.sizeBytes ?? Infinity));
  for (const type of PREFERRED) {
    const file = smallestFirst.find(({ path }) => hasType(path, type));
    if (file !== undefined) return file;
  }
  const [smallest] = smallestFirst;
  if (smallest !== undefined) return smallest;
  throw new CacheError(
    'InvalidRequest',
    `${repo} holds only models split into parts; choose one that is a single file.`,
  );
}

/** Throws `InvalidRequest` when the file is not there, or one of several parts. */
export function findFile(files: readonly RepositoryFile[], path: string, repo: string): RepositoryFile {
  if (isSplitPart(path)) {
    throw new CacheError('InvalidRequest', `${path} is one part of several; choose a model that is a single file.`);
  }
  const file = files.find((candidate) => candidate.path === path);
  if (file !== undefined) return file;
  throw new CacheError('InvalidRequest', `${repo} has no file "${path}"; copy its name from the repository's page.`);
}

/** `name-00001-of-00003.gguf` */
export function isSplitPart(path: string): boolean {
  return /-\d{5}-of-\d{5}\.gguf$/i.test(path);
}

/** The type as a word of its own: `Q4_K_M` is not in `IQ4_K_M`, and `Q4_K` not in `Q4_K_S`. */
function hasType(path: string, type: string): boolean {
  return new RegExp(`(?:^|[^A-Za-z0-9])${type}(?![A-Za-z0-9_])`, 'i').test(baseName(path));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
