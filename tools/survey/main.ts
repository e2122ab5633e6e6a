/**
 * Writes docs/survey.md from the tables beside this file: `npm run survey`. A test says when the page is out of date, and when it
 * names a file or a test that is not there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { DATA_LEVEL } from './data-level.ts';
import { MODEL_LEVEL } from './model-level.ts';
import { SYSTEM_LEVEL } from './system-level.ts';
import type { Status, Technique } from './techniques.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = resolve(ROOT, 'docs/survey.md');

export const TECHNIQUES: readonly Technique[] = [...DATA_LEVEL, ...MODEL_LEVEL, ...SYSTEM_LEVEL];

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

function count(techniques: readonly Technique[], status: Status): number {
  return techniques.filter((technique) => technique.status === status).length;
}

function entry({ name, status, here, files = [], shown = [], measured }: Technique): string {
  const lines = [`**${name}** (${status}). ${here}`];
  if (files.length > 0) lines.push(`- in: ${files.map(link).join(', ')}`);
  for (const { file, test } of shown) lines.push(`- test: ${link(file)}, “${test}”`);
  if (measured !== undefined) lines.push(`- measured: ${measured}`);
  const [head = '', ...list] = lines;
  return list.length === 0 ? head : `${head}\n\n${list.join('\n')}`;
}

/** Techniques in their order, by level and heading. */
export function surveyPage(techniques: readonly Technique[] = TECHNIQUES): string {
  const parts = [
    INTRODUCTION,
    `Of ${techniques.length} techniques ${count(techniques, 'works')} work, ${count(techniques, 'partly')} work partly and ${count(techniques, 'absent')} are absent.`,
  ];
  let heading = '';
  let group = '';
  for (const technique of techniques) {
    if (technique.level !== heading) parts.push(`## ${technique.level} level`);
    if (technique.group !== group || technique.level !== heading) parts.push(`### ${technique.group}`);
    heading = technique.level;
    group = technique.group;
    parts.push(entry(technique));
  }
  return `${parts.join('\n\n')}\n`;
}

export function readPage(): string {
  return readFileSync(PAGE, 'utf8');
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, surveyPage());
