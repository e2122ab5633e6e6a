/**
 * Finds a Chromium or Chrome for the tests, or installs Debian's package where that is possible. It does not start it.
 * Run as a program it prints the path.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { aptGet, osRelease, whyNoApt } from './apt.mjs';

const COMMON_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
/** Where Playwright puts the browsers that it downloads; below each, the full browser, never the headless shell. */
const PLAYWRIGHT_FOLDERS = [join(homedir(), '.cache/ms-playwright'), join(homedir(), 'Library/Caches/ms-playwright')];
const PLAYWRIGHT_BINARIES = [
  'chrome-linux/chrome',
  'chrome-linux64/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
];
const ADVICE = 'install Chromium or Chrome (Debian: apt-get install chromium), or set LINNET_CHROMIUM to its binary';

/**
 * What WebGPU on the CPU needs, and what keeps a browser under test off the network.
 * New headless mode only: the headless shell has no WebGPU.
 */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--headless=new',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * @returns {string | undefined} path of the binary
 * @throws {Error} when LINNET_CHROMIUM names no file
 */
export function findChromium() {
  const override = process.env['LINNET_CHROMIUM'];
  if (override !== undefined && override !== '') {
    if (!existsSync(override)) throw new Error(`LINNET_CHROMIUM names no file: ${override}`);
    return override;
  }
  return [...COMMON_PATHS, ...playwrightPaths()].find((path) => existsSync(path));
}

/**
 * Like `findChromium`, and tries to install it first when there is none.
 * @returns {string}
 * @throws {Error} that says what to do, when there is none and it cannot be installed
 */
export function ensureChromium() {
  const present = findChromium();
  if (present !== undefined) return present;
  const problem = install();
  const installed = problem === undefined ? findChromium() : undefined;
  if (installed === undefined)
    throw new Error(`no browser found (${problem ?? 'installed, but not found'}): ${ADVICE}`);
  return installed;
}

function install() {
  const blocked = whyNoApt();
  if (blocked !== undefined) return blocked;
  if (osRelease()['ID'] !== 'debian') return 'only Debian is known to have it as a package';
  return aptGet(['update']) ?? aptGet(['install', '-y', '--no-install-recommends', 'chromium']);
}

function playwrightPaths() {
  return PLAYWRIGHT_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^chromium-\d+$/.test(name))
      .sort()
      .reverse()
      .flatMap((name) => PLAYWRIGHT_BINARIES.map((binary) => join(folder, name, binary))),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(ensureChromium());
