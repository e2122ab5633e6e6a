/**
 * The licences of what a bundle has inside, which have to be published with it. Vite's own list leaves out what is in workers: here
 * the bundle and its workers tell what they are made of, and one file says it. Knows no package by name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

interface Description {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export class Notices {
  /** Folders of packages. */
  readonly #folders = new Set<string>();

  /** For every bundle that is a part of the whole. */
  collect(): Plugin {
    return {
      name: 'linnet:collect-notices',
      generateBundle: (_, bundle) => {
        for (const output of Object.values(bundle)) {
          if (output.type !== 'chunk') continue;
          // Only what has code left in the bundle.
          const used = Object.entries(output.modules).filter(([, { renderedLength }]) => renderedLength > 0);
          for (const [id] of used) {
            const folder = folderOf(id);
            if (folder !== undefined) this.#folders.add(folder);
          }
        }
      },
    };
  }

  /** For the last of them: workers are bundled before the page that starts them. */
  write(fileName: string): Plugin {
    const source = () => textOf([...this.#folders].toSorted());
    return {
      name: 'linnet:write-notices',
      generateBundle() {
        this.emitFile({ type: 'asset', fileName, source: source() });
      },
    };
  }
}

/** Of the package that a module lies in; none for our own. */
function folderOf(moduleId: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(moduleId.replace(/^\0/, ''))?.[0];
}

/** Of packages that come without the text of their licence, which has to be published all the same: by name, `/` as `__`. */
const KEPT = join(import.meta.dirname, 'licences');

/** @throws where a package says nothing of its licence, or its text is nowhere */
function textOf(folders: readonly string[]): string {
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Description;
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (license === undefined) throw new Error(`${name} does not say its licence`);
    const text = readFileSync(
      file === undefined ? join(KEPT, `${name.replace('/', '__')}.txt`) : join(folder, file),
      'utf8',
    );
    return `## ${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return ['# Third-party code in this package\n', ...sections].join('\n');
}
