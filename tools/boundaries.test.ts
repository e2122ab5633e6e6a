/** The boundary check really fails: every rule is broken once in a planted tree, and each is reported by name. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Files that break nothing, for the others to import. */
const INNOCENT: Readonly<Record<string, string>> = {
  'tools/help.ts': 'export const help = 1;',
  'src/worker/api.ts': 'export interface Engine { readonly x: number }\nexport const value = 1;',
  'src/worker/engine.ts': 'export const engine = 1;',
  'src/worker/gpu/device.ts': 'export const device = 1;',
  'src/cache/quota.ts': 'export const quota = 1;',
  'src/shaders/kernel.ts': 'export const kernel = 1;',
  'src/worker/o.ts': `import { n } from './n.ts';\nexport const o = (): unknown => n;`,
  'src/shaders/sample/layout.ts': 'export const layout = 1;',
  'src/worker/sampling/row.ts': `export { layout } from '../../shaders/sample/layout.ts';`,
  'src/ui/testing/fake.ts': `export { wrap } from 'comlink';`,
  'src/ui/state.ts': `import type { Engine } from '../worker/api.ts';\nexport const state: Engine = { x: 1 };`,
  'src/ui/client.ts': `import * as comlink from 'comlink';\nexport const client = comlink;`,
  'src/cache/model-store.ts': `import { get } from 'idb-keyval';\nexport const store = get;`,
  'src/cache/quota.test.ts': `import { help } from '../../tools/help.ts';\nimport { quota } from './quota.ts';\nexport default help + quota;`,
};

/** [the rule, the file that breaks it, its text] */
const PLANTED: readonly (readonly [rule: string, file: string, text: string])[] = [
  [
    'ui-knows-only-the-contract',
    'src/ui/a.ts',
    `import { engine } from '../worker/engine.ts';\nexport const a = engine;`,
  ],
  ['contract-is-types-only', 'src/ui/b.ts', `import { value } from '../worker/api.ts';\nexport const b = value;`],
  [
    'ui-knows-only-the-contract',
    'src/ui/c.ts',
    `import type { quota } from '../cache/quota.ts';\nexport type C = typeof quota;`,
  ],
  ['worker-starter-starts-only-main', 'src/ui/start-worker.ts', `export { engine } from '../worker/engine.ts';`],
  ['cache-knows-nothing-else', 'src/cache/d.ts', `export { kernel } from '../shaders/kernel.ts';`],
  ['shaders-know-nothing-else', 'src/shaders/e.ts', `export { quota } from '../cache/quota.ts';`],
  ['worker-does-not-know-the-page', 'src/worker/f.ts', `export { state } from '../ui/state.ts';`],
  ['scheduler-knows-no-gpu', 'src/worker/scheduler/g.ts', `export { device } from '../gpu/device.ts';`],
  ['sampling-knows-no-gpu', 'src/worker/sampling/h.ts', `export { kernel } from '../../shaders/kernel.ts';`],
  ['tests-do-not-ship', 'src/ui/q.ts', `export { wrap } from './testing/fake.ts';`],
  ['comlink-at-the-crossing-only', 'src/worker/i.ts', `export { wrap } from 'comlink';`],
  ['idb-keyval-in-the-stores-only', 'src/cache/j.ts', `export { get } from 'idb-keyval';`],
  ['tools-do-not-ship', 'src/cache/k.ts', `export { help } from '../../tools/help.ts';`],
  ['tests-do-not-ship', 'src/cache/l.ts', `export { default } from './quota.test.ts';`],
  ['no-development-dependencies', 'src/worker/m.ts', `export { create } from 'webgpu';`],
  ['no-cycles', 'src/worker/n.ts', `import { o } from './o.ts';\nexport const n = (): unknown => o;`],
  ['everything-resolves', 'src/worker/p.ts', `export { nothing } from './nowhere.ts';`],
];

const folder = mkdtempSync(join(tmpdir(), 'linnet-boundaries-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('reports every planted violation and nothing else', async () => {
  for (const [file, text] of [...Object.entries(INNOCENT), ...PLANTED.map(([, file, text]) => [file, text] as const)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json']) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

  const reported = new Set((await violations()).map(({ rule, from }) => `${rule.name} ${from}`));
  const planted = new Set(PLANTED.map(([rule, file]) => `${rule} ${file}`));
  expect([...reported].sort()).toEqual([...planted].sort());
}, 30_000);

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

async function violations(): Promise<readonly Violation[]> {
  const command = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [command, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 24 }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
      throw error;
    },
  );
  const report = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
  return report.summary.violations;
}
