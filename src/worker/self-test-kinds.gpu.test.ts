/**
 * The self-test of models that are more than dense transformers, and of requests that are more than plain ones: a mistake in what only
 * they compute with is found before they do, at load or at the first such request; without one nothing is left unchecked.
 */
import { describe, expect, it } from 'vitest';
import { TINY_SHAPE } from '../../tools/fixtures/model-shapes.ts';
import { recurrentModel, type RecurrentArchitecture } from '../../tools/fixtures/recurrent-model.ts';
import { syntheticBytes } from '../../tools/fixtures/synthetic-model.ts';
import { openTestAdapters } from '../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Miscompile } from '../../tools/node/test-engine.ts';

const fileOf = (bytes: Uint8Array<ArrayBuffer>) => ({ kind: 'file', file: new File([bytes], 'model.gguf') }) as const;
const recurrent = (architecture: RecurrentArchitecture) => () => Promise.resolve(recurrentModel(architecture));
const mixture = () =>
  syntheticBytes({ ...TINY_SHAPE, experts: { numExperts: 8, numUsed: 2, ffnSize: 64 } }, { type: 'Q8_0', seed: 5 });

type MakeModel = () => Promise<Uint8Array<ArrayBuffer>>;

const QUESTION: Ask = { input: { kind: 'text', text: 'bada bid' }, maxTokens: 2, ignoreEos: true };

/** Replaces a piece of the code of some kernels. */
function mistake(name: RegExp, right: string, wrong: string): Miscompile {
  return (kernel, code) => {
    if (!name.test(kernel)) return code;
    expect(code).toContain(right);
    return code.replaceAll(right, () => wrong);
  };
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(title, { timeout: 240_000 }, () => {
    const closing = async (engine: TestEngine, use: () => Promise<void>) => {
      try {
        await use();
      } finally {
        for (const device of engine.devices) device.destroy();
      }
    };

    it.for<readonly [string, MakeModel]>([
      ['a mixture of experts', mixture],
      ['qwen35', recurrent('qwen35')],
      ['falcon-h1', recurrent('falcon-h1')],
    ])('leaves no kernel of %s unchecked, and finds nothing wrong', async ([, makeModel]) => {
      const engine = await TestEngine.open(name);
      await closing(engine, async () => {
        await engine.load({ source: fileOf(await makeModel()) });
        const { selfTest } = await engine.engine.stats();
        expect(selfTest).toMatchObject({ unchecked: [], struckOut: [] });
      });
    });

    it.for<readonly [RegExp, string, string, MakeModel]>([
      [/^causal_conv_f32_gated/, 'seen[k] = seen[k + 1u]', 'seen[k] = input', recurrent('lfm2')],
      [/^delta_rule_f32/, 'm[i] *= g;', '', recurrent('qwen35')],
      [/^ssm_scan_f32_heads/, 'fma(t, sum, 1.0 / 3.0)', 'fma(t, sum, 0.3)', recurrent('falcon-h1')],
      [/^ssm_scan_f32_channels/, 'span.from_slot != NO_SLOT', 'false', recurrent('mamba')],
      [/^expert_route_f32/, 'rival == key && other < e', 'rival == key && other > e', mixture],
    ])('refuses to load where %s is wrong: %s -> %s', async ([kernel, right, wrong, makeModel]) => {
      const engine = await TestEngine.open(name, { miscompile: mistake(kernel, right, wrong) });
      await closing(engine, async () => {
        await expect(engine.load({ source: fileOf(await makeModel()) })).rejects.toMatchObject({
          name: 'ShaderFailed',
          message: expect.stringMatching(
            new RegExp(`${kernel.source.slice(1)}.*stands in for.*wrong, word`),
          ) as unknown,
        });
      });
    });

    it('takes the next variant where a product of experts is wrong', async () => {
      const miscompile = mistake(/^expert_gemm_rows/, 'tile.count > 5u', 'tile.count > 6u');
      const engine = await TestEngine.open(name, { miscompile });
      await closing(engine, async () => {
        await engine.load({ source: fileOf(await mixture()) });
        const { selfTest } = await engine.engine.stats();
        const gemm = selfTest.families.find(({ family }) => family === 'gemm');
        expect(gemm).toMatchObject({ chosen: 'tiled', reason: 'replacement' });
        expect(selfTest.struckOut).toMatchObject([{ kernel: 'expert_gemm_rows_q8_0', problem: 'wrong' }]);
      });
    });

    it('checks what only some requests take before the first of them, and refuses that one alone', async () => {
      const adjust = mistake(/^sample_adjust/, 'value > 0.0);', 'value < 0.0);');
      const logprobs = mistake(/^sample_logprobs/, '- row_max - log_sum', '- log_sum');
      const miscompile: Miscompile = (kernel, code) => logprobs(kernel, adjust(kernel, code));
      const engine = await TestEngine.open(name, { miscompile });
      await closing(engine, async () => {
        const { handle } = await engine.load();
        const { selfTest: before } = await engine.engine.stats();
        expect(before).toMatchObject({ struckOut: [], unchecked: [] });
        await engine.ask(handle, QUESTION);
        const { selfTest: plain } = await engine.engine.stats();
        expect(plain.numKernelsTested).toBe(before.numKernelsTested);
        for (const [kernel, sampling] of [
          ['sample_adjust', { repetitionPenalty: 1.2 }],
          ['sample_logprobs', { topLogprobs: 3 }],
        ] as const) {
          await expect(engine.ask(handle, { ...QUESTION, sampling })).rejects.toMatchObject({
            name: 'ShaderFailed',
            message: expect.stringMatching(new RegExp(`${kernel}_v.*wrong`)) as unknown,
          });
        }
        await engine.ask(handle, QUESTION);
      });
    });

    it('answers requests with penalties and log-probabilities where their kernels are right', async () => {
      const engine = await TestEngine.open(name);
      await closing(engine, async () => {
        const { handle } = await engine.load();
        const sampling = { repetitionPenalty: 1.2, topLogprobs: 3 };
        const { result } = await engine.ask(handle, { ...QUESTION, sampling });
        expect(result.numGeneratedTokens).toBe(2);
        const { selfTest } = await engine.engine.stats();
        // Those of the load, and four more: adjusting, two that count, log-probabilities.
        expect(selfTest).toMatchObject({ numKernelsTested: 16, struckOut: [] });
      });
    });
  });
}
