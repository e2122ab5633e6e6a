/**
 * The README's table of supported architectures, from the registry: `node tools/run.mjs tools/supported-models.ts` writes it,
 * and a test says when it is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FAMILIES } from '../src/worker/model/families/index.ts';

const README = resolve(import.meta.dirname, '../README.md');
const BEGIN = '<!-- supported models: npm run models:table -->';
const END = '<!-- end of supported models -->';

/** As Prettier writes a table: columns as wide as their widest cell. */
export function supportedModelsTable(): string {
  const rows = [
    ['`general.architecture`', 'models'],
    ...FAMILIES.map(({ architecture, models }) => [`\`${architecture}\``, models]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [header = '', ...body] = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [header, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

/** @throws when the text has no place for the table */
export function withSupportedModels(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no lines "${BEGIN}" and "${END}"`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${supportedModelsTable()}\n\n${readme.slice(end)}`;
}

export function readReadme(): string {
  return readFileSync(README, 'utf8');
}

if (process.argv[1] === import.meta.filename) writeFileSync(README, withSupportedModels(readReadme()));
