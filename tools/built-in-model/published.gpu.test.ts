/**
 * The models that ship, on every adapter: the numbers that training says they have, and a sample of their skills, whose
 * answers must be those that PyTorch gave. All cases: `npm run eval:built-in`.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestAdapters } from '../node/test-devices.ts';
import { TestEngine } from '../node/test-engine.ts';
import { readArguments } from '../parity/arguments.ts';
import { compareModel } from '../parity/compare.ts';
import { readGolden } from '../parity/golden.ts';
import { answerCases } from './eval/answer.ts';
import { readAnswers, readCases } from './eval/cases.ts';

const MODELS = resolve(import.meta.dirname, '../../public/models');
const NAMES = ['linnet-mini-q4_0', 'linnet-draft-q4_0'];
/** Cases of each skill; `npm run eval:built-in -- --sample 20` is the command for more. SwiftShader takes its time. */
const NUM_SAMPLED = { swiftshader: 1, lavapipe: 4, null: 0, native: 4 } as const;

for (const { name: adapter, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`the built-in models ${title}`, () => {
    it.for(NAMES.flatMap((model) => [[model, 'f32'] as const, [model, 'f16'] as const]))(
      '%s has the numbers of its golden, with a cache of %s',
      { timeout: 180_000 },
      async ([model, kv]) => {
        const options = readArguments([import.meta.dirname, '--models', MODELS, '--adapter', adapter, '--kv', kv]);
        const outcome = await compareModel(options, readGolden(join(import.meta.dirname, 'goldens', `${model}.json`)));
        expect(outcome.numWrong).toBe(0);
        expect(outcome.numSteps).toBeGreaterThan(40);
        expect(outcome.passed, `rms ${String(outcome.difference.rms)}, max ${String(outcome.difference.max)}`).toBe(
          true,
        );
      },
    );

    it('gives the answers that PyTorch gave', { timeout: 300_000 }, async () => {
      const cases = readCases(join(import.meta.dirname, 'cases'), NUM_SAMPLED[adapter]);
      const expected = readAnswers(join(import.meta.dirname, 'answers.jsonl'));
      const engine = await TestEngine.open(adapter);
      const file = new File([readFileSync(join(MODELS, 'linnet-mini-q4_0.gguf'))], 'linnet-mini-q4_0.gguf');
      // PyTorch's cache is in full precision; the one that users get may turn a near tie the other way.
      const { handle } = await engine.load({ source: { kind: 'file', file }, kvType: 'f32' });
      const answers = await answerCases(engine, handle, cases);
      const others = cases.filter(({ id }) => answers.get(id) !== expected.get(id));
      expect(others.map(({ id }) => [id, answers.get(id), expected.get(id)])).toEqual([]);
    });
  });
}
