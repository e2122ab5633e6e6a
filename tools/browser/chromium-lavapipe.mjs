/**
 * A Chromium whose WebGPU runs on Mesa's lavapipe: f16, subgroups of 8, 128 MiB bindings, several times as fast as
 * SwiftShader. Chromium takes no CPU for WebGPU but SwiftShader, so this makes a folder that looks like Chromium's own, with
 * `lavapipe-shim.c` in SwiftShader's place. Needs a C compiler. Benchmarks only; nothing else may rest on it.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findLavapipe } from './lavapipe.mjs';
import { findSwiftShader } from './swiftshader.mjs';

const SHIM = resolve(import.meta.dirname, 'lavapipe-shim.c');
const BINARIES = ['chromium', 'chrome'];
const LIBRARY = 'libvk_swiftshader.so';
/** What keeps the real one for WebGL. */
const REAL_LIBRARY = 'libvk_real_swiftshader.so';
const ICD = 'vk_swiftshader_icd.json';

/**
 * @param {string} folder is made, and what was in it goes
 * @returns {{ binary: string, env: Record<string, string>, reason?: undefined } | { binary?: undefined, reason: string }}
 */
export function makeChromiumWithLavapipe(folder) {
  const { icd, reason } = findLavapipe();
  if (icd === undefined) return { reason };
  const swiftShader = findSwiftShader();
  if (swiftShader.icd === undefined) return { reason: swiftShader.reason };
  const source = dirname(swiftShader.icd);
  const name = BINARIES.find((binary) => existsSync(join(source, binary)));
  if (name === undefined) return { reason: `no browser binary in ${source}` };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(source)) {
    if (file !== name && file !== LIBRARY && file !== ICD) symlinkSync(join(source, file), join(folder, file));
  }
  placeBinary(join(source, name), join(folder, name));
  symlinkSync(join(source, LIBRARY), join(folder, REAL_LIBRARY));
  writeFileSync(join(folder, ICD), readFileSync(join(source, ICD), 'utf8').replace(LIBRARY, REAL_LIBRARY));
  const compiler = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', join(folder, LIBRARY), SHIM, '-ldl'], {
    encoding: 'utf8',
  });
  if (compiler.status !== 0)
    return { reason: `no C compiler that works: ${compiler.error?.message ?? compiler.stderr}` };
  return { binary: join(folder, name), env: { VK_ICD_FILENAMES: icd } };
}

/** It looks for its files beside itself, and would follow a symbolic link. @param {string} from @param {string} to */
function placeBinary(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
