/**
 * The library on the built-in model, through the official `openai` client: streams say what whole answers say, and what they
 * say is what the engine says of itself.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { nodeFileSource } from '../../../tools/node/file-source.ts';
import { LlamaOracle } from '../../../tools/oracle/llama.ts';
import type { EngineStats } from '../../worker/api.ts';
import { MINI, miniLibrary, miniSource } from '../../../tools/node/mini-library.ts';
import { createFetch } from './fetch.ts';
import type { Linnet, Model } from './linnet.ts';

const QUESTION = [{ role: 'user', content: 'What is WebGPU?' }] as const;

/** Of each token behind the ones before it; the first has none. */
async function exactLogprobs(ids: readonly number[]): Promise<readonly number[]> {
  const source = await nodeFileSource(MINI);
  const oracle = await LlamaOracle.open(source);
  const behind = await oracle.logProbs(
    ids,
    ids.slice(1).map((_, position) => position),
  );
  await source.close();
  return ids.map((id, i) => behind.get(i - 1)?.[id] ?? NaN);
}

function tool(name: string, description: string, argument: string, type = 'string'): OpenAI.ChatCompletionFunctionTool {
  const parameters = { type: 'object', properties: { [argument]: { type } }, required: [argument] };
  return { type: 'function', function: { name, description, parameters } };
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`the library ${title}`, { timeout: 300_000 }, () => {
    let engine: Linnet;
    let model: Model;
    let client: OpenAI;
    let stats: () => Promise<EngineStats>;
    beforeAll(async () => {
      ({ engine, model, stats } = await miniLibrary(name, { kvType: 'f32' }));
      client = new OpenAI({ baseURL: 'http://linnet/v1', apiKey: 'none', fetch: createFetch(engine) });
    }, 300_000);
    afterAll(() => {
      engine.close();
    });

    it('answers in the form that is asked for', async () => {
      const schema = {
        type: 'object',
        properties: { topic: { enum: ['browsers', 'cooking'] }, sure: { type: 'boolean' } },
        required: ['topic', 'sure'],
      };
      const { choices } = await client.chat.completions.create({
        model: model.id,
        messages: [...QUESTION],
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
        temperature: 0,
      });
      const { message, finish_reason } = choices[0] ?? {};
      expect(finish_reason).toBe('stop');
      expect(message?.content).toMatch(/^\{"topic": "(browsers|cooking)", "sure": (true|false)\}$/);
      const answer = model.complete('Yes or no?', { grammar: { kind: 'regex', pattern: ' (yes|no)' } });
      expect((await answer.result).text).toMatch(/^ (yes|no)$/);
      const told = { schema: '{"uniqueItems":true}' };
      await expect(model.complete('a', { grammar: { kind: 'jsonSchema', ...told } }).result).rejects.toMatchObject({
        name: 'GrammarFailed',
        message: expect.stringContaining('uniqueItems') as string,
      });
    });

    it('streams what it says at once', async () => {
      const params = { model: model.id, messages: [...QUESTION], max_completion_tokens: 24, temperature: 0 };
      const { choices, usage } = await client.chat.completions.create({ ...params, logprobs: true, top_logprobs: 2 });
      const text = choices[0]?.message.content ?? '';
      expect(text).not.toBe('');
      let streamed = '';
      for await (const chunk of await client.chat.completions.create({ ...params, stream: true }))
        streamed += chunk.choices[0]?.delta.content ?? '';
      expect(streamed).toBe(text);
      const { content } = choices[0]?.logprobs ?? {};
      const bytes = content?.flatMap((token) => token.bytes ?? []) ?? [];
      expect(new TextDecoder().decode(Uint8Array.from(bytes)).trimStart()).toBe(text);
      const numEndTokens = choices[0]?.finish_reason === 'stop' ? 1 : 0;
      expect(content).toHaveLength((usage?.completion_tokens ?? 0) - numEndTokens);
      for (const token of content ?? []) expect(token.top_logprobs[0]?.token).toBe(token.token);
    });

    it('has the prompt in its cache the second time', async () => {
      const params = { messages: QUESTION, max_completion_tokens: 1, temperature: 0 };
      await engine.chat.completions.create(params);
      const { usage } = await engine.chat.completions.create(params);
      expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
      expect(usage.timings?.time_to_first_token_ms).toBeGreaterThan(0);
    });

    it('finds a text as likely as exact arithmetic does', async () => {
      const given = '<|im_start|>user\nCan a calf swim?<|im_end|>\n<|im_start|>assistant\n';
      const text = 'Yes, a calf can swim. Or xylophones?<|im_end|>';
      const { tokens, logprob } = await model.score(text, { given });
      const before = await model.tokenize(given, { asPrompt: true });
      const ids = tokens.map(({ token }) => token);
      expect(await model.detokenize(ids)).toBe(text);
      const exact = await exactLogprobs([...before, ...ids]);
      tokens.forEach((token, i) => {
        expect(Math.abs(token.logprob - (exact[before.length + i] ?? NaN))).toBeLessThan(1e-3);
      });
      expect(logprob).toBeCloseTo(
        tokens.reduce((sum, token) => sum + token.logprob, 0),
        9,
      );
      // Ids score as the text that they stand for does.
      expect(await model.score(ids, { given: before })).toEqual({ tokens, logprob });
    });

    it('selects what is likeliest, in few steps, whatever the answer would have been', async () => {
      const given = '<|im_start|>user\nCan a calf swim?<|im_end|>\n<|im_start|>assistant\n';
      const choices = ['Xylophones are made of bronze and glue.', 'Yes, it can.', 'No'];
      const numStepsBefore = (await stats()).numSteps;
      const { index, choice, scores } = await model.select(choices, { given });
      const numTokens = scores.reduce((sum, { tokens }) => sum + tokens.length, 0);
      expect((await stats()).numSteps - numStepsBefore).toBeLessThan(numTokens);
      const alone: number[] = [];
      for (const each of choices) alone.push((await model.score(each, { given })).logprob);
      expect(scores.map(({ logprob }) => logprob)).toEqual(alone);
      expect(choice).toBe(choices[index]);
      expect(Math.max(...alone)).toBe(alone[index]);
    });

    it('calls a tool, whole and streamed, and keeps the call cached when its result comes', async () => {
      expect(model.loaded.toolFormat).toBe('linnet');
      const params = {
        model: model.id,
        temperature: 0,
        max_completion_tokens: 60,
        prompt_cache_key: 'timer',
        tools: [
          tool('countdown', 'rings when the minutes are over', 'duration', 'integer'),
          tool('remember_text', 'stores words for later', 'content'),
        ],
        messages: [{ role: 'user' as const, content: 'I want to hear a ring after 73 minutes.' }],
      };
      const { choices, usage } = await client.chat.completions.create(params);
      const [choice] = choices;
      expect(choice).toMatchObject({ message: { content: null }, finish_reason: 'tool_calls' });
      const calls = choice?.message.tool_calls ?? [];
      expect(calls).toMatchObject([
        { type: 'function', function: { name: 'countdown', arguments: '{"duration": 73}' } },
      ]);
      const streamed = await client.chat.completions.stream(params).finalMessage();
      expect(streamed).toMatchObject({ content: null, tool_calls: [{ function: { arguments: '{"duration": 73}' } }] });
      const next = await client.chat.completions.create({
        ...params,
        messages: [
          ...params.messages,
          { role: 'assistant', content: null, tool_calls: calls },
          { role: 'tool', tool_call_id: calls[0]?.id ?? '', content: 'The timer is set.' },
        ],
        max_completion_tokens: 1,
      });
      const numBefore = (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0);
      // All but the token that ended the answer, as it was drawn.
      expect(next.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThanOrEqual(numBefore - 2);
    });

    it('saves a conversation, and goes on with it in another load of the model', async () => {
      const other = await engine.load(miniSource(), { kvType: 'f32', id: 'other' });
      const options = { maxTokens: 8, ignoreEos: true, sampling: { temperature: 1, seed: 3 } } as const;
      const session = model.session({ messages: [{ role: 'system', content: 'Be kind.' }] });
      const begun = await session.chat('What is WebGPU?', options).result;
      const restored = await other.restore(new Blob([await session.save()]));
      expect(restored.messages).toEqual(session.messages);
      const before = (await stats()).numPromptRows;
      await restored.continue({ maxTokens: 4, ignoreEos: true }).result;
      expect((await stats()).numPromptRows).toBe(before);
      const whole = await model.session({ messages: session.messages.slice(0, 1) }).chat('What is WebGPU?', {
        ...options,
        maxTokens: 12,
      }).result;
      expect(restored.messages.at(-1)?.content).toBe(whole.text);
      const next = await restored.chat('More.', options).result;
      // All but the last token of the answer, and of a prompt that repeats it.
      expect(next.numCachedTokens).toBeGreaterThanOrEqual(begun.numPromptTokens + 8);
      await other.unload();
    });

    it('makes vectors of hidden states', async () => {
      const { data, usage } = await client.embeddings.create({ model: model.id, input: ['a b', 'c'] });
      const [last] = await model.embed(['a b'], { pooling: 'last', normalize: true });
      expect(data.map(({ embedding }) => Math.hypot(...embedding))).toEqual([
        expect.closeTo(1, 5),
        expect.closeTo(1, 5),
      ]);
      expect(last).toHaveLength(data[0]?.embedding.length ?? NaN);
      expect([...(last ?? [])]).not.toEqual(data[0]?.embedding);
      expect(usage.prompt_tokens).toBeGreaterThan(2);
    });

    it('refuses by name what the model cannot do', async () => {
      const long = client.completions.create({ model: model.id, prompt: 'a b c '.repeat(4000) });
      await expect(long).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
    });
  });
}
