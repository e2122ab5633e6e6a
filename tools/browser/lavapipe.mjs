/**
 * Finds Mesa's lavapipe (a Vulkan device on the CPU, with f16, subgroups of 8 and 128 MiB bindings), or installs it from
 * Debian's backports where that is possible. A test aid: everything works without it, and tests that want it are skipped
 * with the reason given here. Run as a program it prints what it found.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { aptGet, findArchive, osRelease, whyNoApt } from './apt.mjs';

const ICD_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
/** Dawn refuses older ones. */
const OLDEST_MESA = 24;
const BACKPORTS_FILE = '/etc/apt/sources.list.d/linnet-backports.sources';

/**
 * @typedef {{ icd: string, reason?: undefined } | { icd?: undefined, reason: string }} Lavapipe
 * `icd` is the path of the driver's JSON file.
 */

/** @returns {Lavapipe} */
export function findLavapipe() {
  const override = process.env['LINNET_LAVAPIPE_ICD'];
  if (override === '') return { reason: 'LINNET_LAVAPIPE_ICD is empty: switched off' };
  if (override !== undefined) {
    return existsSync(override) ? { icd: override } : { reason: `LINNET_LAVAPIPE_ICD names no file: ${override}` };
  }
  const icd = icdFiles()[0];
  if (icd === undefined) return { reason: 'lavapipe is not installed (Debian: mesa-vulkan-drivers)' };
  const version = installedMesa();
  if (version !== undefined && version < OLDEST_MESA) {
    return { reason: `lavapipe of Mesa ${version} is too old for Dawn, ${OLDEST_MESA} or later is needed` };
  }
  return { icd };
}

/** Like `findLavapipe`, and tries to install it first when it is missing. @returns {Lavapipe} */
export function ensureLavapipe() {
  const present = findLavapipe();
  if (present.icd !== undefined || process.env['LINNET_LAVAPIPE_ICD'] !== undefined) return present;
  const problem = install();
  return problem === undefined ? findLavapipe() : { reason: `${present.reason}; not installed: ${problem}` };
}

function install() {
  const blocked = whyNoApt();
  if (blocked !== undefined) return blocked;
  const { ID, VERSION_CODENAME } = osRelease();
  if (ID !== 'debian') return 'only Debian has a known source of it';
  const needsBackports = VERSION_CODENAME === 'bookworm';
  if (needsBackports && !enableBackports('bookworm')) return 'no archive of bookworm is configured';
  const target = needsBackports ? ['-t', 'bookworm-backports'] : [];
  return (
    aptGet(['update']) ??
    aptGet(['install', '-y', '--no-install-recommends', ...target, 'mesa-vulkan-drivers', 'libvulkan1'])
  );
}

/** @param {string} codename */
function enableBackports(codename) {
  const suite = `${codename}-backports`;
  if (findArchive(suite) !== undefined) return true;
  const archive = findArchive(codename);
  if (archive === undefined) return false;
  const signedBy = archive.signedBy === undefined ? '' : `Signed-By: ${archive.signedBy}\n`;
  writeFileSync(BACKPORTS_FILE, `Types: deb\nURIs: ${archive.uri}\nSuites: ${suite}\nComponents: main\n${signedBy}`);
  return true;
}

function icdFiles() {
  return ICD_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^lvp_icd.*\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
}

/** Major version of Debian's package, undefined where dpkg does not know it. */
function installedMesa() {
  if (!existsSync('/var/lib/dpkg/status')) return undefined;
  const entry = /^Package: mesa-vulkan-drivers\n(?:.+\n)*?Version: (?:\d+:)?(\d+)/m.exec(
    readFileSync('/var/lib/dpkg/status', 'utf8'),
  );
  return entry === null ? undefined : Number(entry[1]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { icd, reason } = ensureLavapipe();
  console.log(icd ?? `absent: ${reason}`);
}
