/**
 * Finds SwiftShader's Vulkan driver file, which lies beside the binary of every Chromium. It installs nothing: where
 * there is a browser for the tests, this is there too.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findChromium } from './find.mjs';

const FILE = 'vk_swiftshader_icd.json';
const COMMON_FOLDERS = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/** @returns {{ icd: string, reason?: undefined } | { icd?: undefined, reason: string }} */
export function findSwiftShader() {
  const override = process.env['LINNET_SWIFTSHADER_ICD'];
  if (override === '') return { reason: 'LINNET_SWIFTSHADER_ICD is empty: switched off' };
  if (override !== undefined) {
    return existsSync(override) ? { icd: override } : { reason: `LINNET_SWIFTSHADER_ICD names no file: ${override}` };
  }
  if (process.platform !== 'linux') return { reason: 'SwiftShader as a Vulkan driver is used on Linux only' };
  const icd = folders()
    .map((folder) => join(folder, FILE))
    .find((path) => existsSync(path));
  return icd === undefined ? { reason: `no ${FILE} beside a Chromium; is one installed?` } : { icd };
}

function folders() {
  const chromium = findChromium();
  return chromium === undefined ? COMMON_FOLDERS : [dirname(realpathSync(chromium)), ...COMMON_FOLDERS];
}
