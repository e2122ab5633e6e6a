/**
 * The few things the tools ask of Debian's package manager: whether it may be used here, and how to install with it.
 * It knows no package names and no mirror: the mirror is the one this machine is already configured with.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = '/etc/apt/sources.list';
const SOURCES_FOLDER = '/etc/apt/sources.list.d';

/**
 * @typedef {{ readonly uri: string, readonly signedBy: string | undefined }} Archive
 */

/**
 * The fields of /etc/os-release, or {} where there is none.
 * @returns {Readonly<Record<string, string>>}
 */
export function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const pairs = [...readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?(.*?)"?$/gm)];
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
}

/** Why packages cannot be installed here, or undefined when they can. */
export function whyNoApt() {
  if (process.platform !== 'linux') return 'not a Linux machine';
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'not root, so apt-get cannot install';
  return undefined;
}

/**
 * The first configured archive that offers `suite`, from either format of apt's sources.
 * @param {string} suite
 * @returns {Archive | undefined}
 */
export function findArchive(suite) {
  for (const file of sourceFiles()) {
    const text = readFileSync(file, 'utf8');
    const found = archiveIn(text, file.endsWith('.sources') ? 'stanzas' : 'lines', suite);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * @param {string} text of one file of sources
 * @param {'stanzas' | 'lines'} format deb822, or one line an archive
 * @param {string} suite
 * @returns {Archive | undefined}
 */
export function archiveIn(text, format, suite) {
  const bare = text.replace(/^[ \t]*#.*\n?/gm, '');
  return format === 'stanzas' ? findInStanzas(bare, suite) : findInLines(bare, suite);
}

/**
 * Runs apt-get without questions.
 * @param {readonly string[]} args
 * @returns {string | undefined} the last lines of what went wrong, undefined when nothing did
 */
export function aptGet(args) {
  const run = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status === 0) return undefined;
  const output = `${run.stdout}${run.stderr}${run.error?.message ?? ''}`;
  return output.trim().split('\n').slice(-4).join(' | ');
}

function sourceFiles() {
  const folder = existsSync(SOURCES_FOLDER) ? readdirSync(SOURCES_FOLDER).sort() : [];
  const files = folder.filter((name) => /\.(sources|list)$/.test(name)).map((name) => join(SOURCES_FOLDER, name));
  return [SOURCES, ...files].filter((file) => existsSync(file));
}

/**
 * @param {string} text of a file in the deb822 format
 * @param {string} suite
 * @returns {Archive | undefined}
 */
function findInStanzas(text, suite) {
  for (const stanza of text.split(/\n\s*\n/)) {
    /** @param {string} name */
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.+)$`, 'im').exec(stanza)?.[1]?.trim();
    if (!field('Suites')?.split(/\s+/).includes(suite)) continue;
    const uri = field('URIs')?.split(/\s+/)[0];
    if (uri !== undefined) return { uri, signedBy: field('Signed-By') };
  }
  return undefined;
}

/**
 * @param {string} text of a file in the one-line format
 * @param {string} suite
 * @returns {Archive | undefined}
 */
function findInLines(text, suite) {
  for (const line of text.split('\n')) {
    const match = /^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)/.exec(line.trim());
    const uri = match?.[2];
    if (uri === undefined || match?.[3] !== suite) continue;
    return { uri, signedBy: /signed-by=(\S+)/.exec(match[1] ?? '')?.[1] };
  }
  return undefined;
}
