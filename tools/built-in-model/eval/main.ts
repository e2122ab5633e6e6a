/**
 * `npm run eval:built-in`: the held-out cases answered by our runtime in Node on Dawn, graded, and set against the goals
 * and against the answers that PyTorch gave. A line a required skill; the last line and the exit code say how many passed.
 * Options: `--sample N` cases a skill, `--adapter A`, `--model FILE`, `--column cpu|gpu`, `--agree`: pass or fail by whether
 * each skill has as many right answers as PyTorch has, with a cache in single precision as PyTorch's, instead of by the goals.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findAdapter } from '../../node/dawn.ts';
import { oneOf, wholeNumber } from '../../node/gpu-arguments.ts';
import { TestEngine } from '../../node/test-engine.ts';
import { answerCases } from './answer.ts';
import { readAnswers, readCases, tally } from './cases.ts';
import { agreement, readGoals, verdict } from './verdict.ts';

const FOLDER = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '0' },
    adapter: { type: 'string' },
    model: { type: 'string', default: resolve(FOLDER, '../../public/models/linnet-mini-q4_0.gguf') },
    column: { type: 'string', default: 'cpu' },
    agree: { type: 'boolean', default: false },
  },
});
// lavapipe is several times quicker than SwiftShader.
const fallback = findAdapter('lavapipe').present ? 'lavapipe' : 'swiftshader';
const adapter = oneOf('--adapter', values.adapter, ['swiftshader', 'lavapipe', 'native'] as const) ?? fallback;
const cases = readCases(join(FOLDER, 'cases'), wholeNumber('--sample', values.sample, 0));

const startMs = performance.now();
const engine = await TestEngine.open(adapter);
const file = new File([readFileSync(values.model)], basename(values.model));
const { handle } = await engine.load({ source: { kind: 'file', file }, ...(values.agree ? { kvType: 'f32' } : {}) });
const answers = await answerCases(engine, handle, cases, (numDone) => {
  if (numDone % 100 === 0) console.log(`${String(numDone)} of ${String(cases.length)} answered`);
});
const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
console.log(`${basename(values.model)} on ${adapter}: ${String(cases.length)} cases in ${seconds} s`);

const published = join(FOLDER, 'answers.jsonl');
const expected = existsSync(published) ? readAnswers(published) : undefined;
if (expected !== undefined) {
  const same = cases.filter(({ id }) => answers.get(id) === expected.get(id)).length;
  console.log(`the same answer as PyTorch, to the letter: ${String(same)} of ${String(cases.length)}`);
}
const beside = expected === undefined ? undefined : tally(cases, expected);
const [goals, counted] = [readGoals(FOLDER, values.column), tally(cases, answers)];
const { lines, numPassed, numFailed } = values.agree
  ? agreement(goals, counted, beside ?? new Map())
  : verdict(goals, counted, beside);
for (const line of lines) console.log(line);
console.log(`${String(numPassed)} passed, ${String(numFailed)} failed`);
process.exitCode = numFailed > 0 || numPassed === 0 ? 1 : 0;
