/**
 * Many requests at once through the library: `n` samples compute their prompt once, prompts of a list are read together, and each says
 * what it says alone, to the bit, also when others are cancelled. Counters, no clocks. That a step reads the weights once for up to
 * four of them: worker/serving/same-prompt.gpu.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import type { EngineStats } from '../../worker/api.ts';
import { miniLibrary } from '../../../tools/node/mini-library.ts';
import type { Linnet, Model } from './linnet.ts';

const SAMPLED = { temperature: 1.5, top_k: 0, top_p: 1, min_p: 0, seed: 7, ignore_eos: true } as const;
const messages = [{ role: 'user', content: 'What is WebGPU, and who is it for?' }] as const;

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`many at once ${title}`, { timeout: 300_000 }, () => {
    let engine: Linnet;
    let model: Model;
    let stats: () => Promise<EngineStats>;
    beforeAll(async () => {
      ({ engine, model, stats } = await miniLibrary(name, { selfTest: 'skip' }));
    }, 300_000);
    afterAll(() => {
      engine.close();
    });

    it('n: 4 computes the prompt once, and each sample is that of its seed alone', async () => {
      const params = { ...SAMPLED, messages, max_completion_tokens: 10, logprobs: true };
      const before = await stats();
      const { choices, usage } = await engine.chat.completions.create({ ...params, n: 4 });
      const after = await stats();
      // The others compute the last token of it again, for logits of their own.
      expect(after.numPromptRows - before.numPromptRows).toBe(usage.prompt_tokens + 3);
      expect(after.numSteps - before.numSteps).toBeLessThan(2 * 10);
      expect(usage.completion_tokens).toBe(40);
      expect(new Set(choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
      for (const [i, choice] of choices.entries()) {
        const { prompt_tokens, completion_tokens, prompt_tokens_details: cached, timings } = choice.usage ?? fail(i);
        expect([choice.seed, prompt_tokens, completion_tokens]).toEqual([7 + i, usage.prompt_tokens, 10]);
        expect(cached.cached_tokens).toBe(i === 0 ? usage.prompt_tokens_details.cached_tokens : prompt_tokens - 1);
        expect(timings?.decode_ms).toBeGreaterThan(0);
        const { choices: alone } = await engine.chat.completions.create({ ...params, seed: 7 + i });
        expect([choice.message, choice.logprobs]).toEqual([alone[0]?.message, alone[0]?.logprobs]);
      }
    });

    it('a list of prompts is read together, and each is answered as if alone', async () => {
      const prompt = ['Once upon a time', 'The sea is', 'A list of three things that birds eat:'];
      const params = { ...SAMPLED, max_tokens: 8, logprobs: 1 };
      const before = await stats();
      const { choices, usage } = await engine.completions.create({ ...params, prompt });
      expect((await stats()).numSteps - before.numSteps).toBeLessThan(2 * 8);
      expect(choices.map((choice) => choice.usage?.completion_tokens)).toEqual([8, 8, 8]);
      expect(choices.reduce((sum, choice) => sum + (choice.usage?.prompt_tokens ?? NaN), 0)).toBe(usage.prompt_tokens);
      for (const [i, text] of prompt.entries()) {
        const { choices: alone } = await engine.completions.create({ ...params, prompt: text });
        expect([choices[i]?.text, choices[i]?.logprobs]).toEqual([alone[0]?.text, alone[0]?.logprobs]);
      }
    });

    it.each([0, 2])('cancelling number %i of them leaves the others what they are alone', async (cancelled) => {
      const controllers = Array.from({ length: 4 }, () => new AbortController());
      const ask = (i: number) => ({
        sampling: { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed: 20 + i },
        ignoreEos: true,
        maxTokens: 16,
        speculation: 'off' as const,
      });
      const answers = controllers.map(({ signal }, i) => {
        const onEvents = () => {
          if (i === cancelled) controllers[i]?.abort();
        };
        return model.complete('The sea is', { ...ask(i), signal, onEvents });
      });
      const results = await Promise.all(answers.map(({ result }) => result));
      for (const [i, result] of results.entries()) {
        const alone = await model.complete('The sea is', ask(i)).result;
        if (i === cancelled) {
          expect(result.finishReason).toBe('aborted');
          expect(alone.text.startsWith(result.text)).toBe(true);
          expect(result.numGeneratedTokens).toBeLessThan(16);
        } else expect([result.text, result.numGeneratedTokens]).toEqual([alone.text, 16]);
      }
    });
  });
}

function fail(choice: number): never {
  throw new Error(`choice ${String(choice)} has no usage`);
}
