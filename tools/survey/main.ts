/**
 * Writes docs/survey.md from the tables beside this file: `npm run survey`. A test says when the page is out of date, and when it
 * names a file or a test that is not there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { DATA_LEVEL } from './data-level.ts';
import { MODEL_LEVEL } from './model-level.ts';
import { SYSTEM_LEVEL } from './system-level.ts';
import type { Group, Level, Status, Technique } from './techniques.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = resolve(ROOT, 'docs/survey.md');

const LEVELS: readonly Level[] = [DATA_LEVEL, MODEL_LEVEL, SYSTEM_LEVEL];

export const TECHNIQUES: readonly Technique[] = LEVELS.flatMap(({ groups }) =>
  groups.flatMap(({ techniques }) => techniques),
);

const INTRODUCTION = `# The survey, and what of it is here

The survey [Efficient Inference for Large Language Models](https://arxiv.org/abs/2404.14294) orders what makes language models
cheaper to run by three levels: data, model and system. This page goes through its techniques, and through some that came after it. What
is said to work names a test that shows it; what is absent says why. It is written by \`npm run survey\` from
[\`tools/survey\`](../tools/survey), and a test checks that the files and tests it names are there. Figures of software adapters are
ratios or counts, and [the benchmarks](benchmarks.md) say of which machine.`;

/** Links of the page lead from its own folder. */
function link(file: string): string {
  const name = file.split('/').slice(-2).join('/');
  return `[\`${name}\`](${relative(dirname(PAGE), resolve(ROOT, file))})`;
}

function count(status: Status): string {
  return String(TECHNIQUES.filter((technique) => technique.status === status).length);
}

function entry({ name, status, here, files = [], shown = [], measured }: Technique): string {
  const lines = [`**${name}** (${status}). ${here}`];
  if (files.length > 0) lines.push(`- in: ${files.map(link).join(', ')}`);
  for (const { file, test } of shown) lines.push(`- test: ${link(file)}, “${test}”`);
  if (measured !== undefined) lines.push(`- measured: ${measured}`);
  const [head = '', ...list] = lines;
  return list.length === 0 ? head : `${head}\n\n${list.join('\n')}`;
}

function section({ name, techniques }: Group): readonly string[] {
  return [`### ${name}`, ...techniques.map(entry)];
}

/** Techniques in their order, by level and heading. */
export function surveyPage(): string {
  const counts = `${count('works')} work, ${count('partly')} work partly and ${count('absent')} are absent`;
  const parts = LEVELS.flatMap(({ name, groups }) => [`## ${name} level`, ...groups.flatMap(section)]);
  return `${[INTRODUCTION, `Of ${String(TECHNIQUES.length)} techniques ${counts}.`, ...parts].join('\n\n')}\n`;
}

export function readPage(): string {
  return readFileSync(PAGE, 'utf8');
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, surveyPage());
