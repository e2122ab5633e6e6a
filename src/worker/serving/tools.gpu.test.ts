/**
 * Calls of tools by the built-in model: by its own will as without a constraint, and at a temperature at which it wants nothing, under one.
 * A validator that shares nothing with the grammars says what is valid.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask } from '../../../tools/node/test-engine.ts';
import type { ToolUse } from '../api.ts';

const MODEL = resolve(import.meta.dirname, '../../../public/models/linnet-mini-q4_0.gguf');
const HOT = { temperature: 3, topK: 0, topP: 1, minP: 0 } as const;
const COUNTDOWN = {
  name: 'countdown',
  description: 'rings when the minutes are over',
  parameters: {
    type: 'object',
    properties: { duration: { type: 'integer', minimum: 0, maximum: 999 }, sound: { enum: ['bell', 'horn'] } },
    required: ['duration'],
    additionalProperties: false,
  },
};
const REMEMBER = {
  name: 'remember_text',
  description: 'stores words for later',
  parameters: {
    type: 'object',
    properties: { content: { type: 'string', maxLength: 8 } },
    required: ['content'],
    additionalProperties: false,
  },
};
const TOOLS = [COUNTDOWN, REMEMBER];
const ajv = new Ajv2020({ strict: false });

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`calls of tools ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let handle: string;
    beforeAll(async () => {
      let random = 7;
      engine = await TestEngine.open(name, {
        randomU32: () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0),
      });
      const file = new File([readFileSync(MODEL)], 'mini.gguf');
      ({ handle } = await engine.load({ source: { kind: 'file', file }, kvType: 'f32' }));
    }, 300_000);

    const ask = (toolUse: ToolUse, request: Partial<Ask> = {}) =>
      engine.ask(handle, {
        input: {
          kind: 'chat',
          messages: [{ role: 'user', content: 'I want to hear a ring after 73 minutes.' }],
          toolUse,
        },
        sampling: { temperature: 0 },
        maxTokens: 60,
        ...request,
      });

    it('is told as it is written, where the model is free', async () => {
      const { result, events } = await ask({ tools: TOOLS });
      expect(result).toMatchObject({ text: '', finishReason: 'toolCalls', toolCalls: [{ name: 'countdown' }] });
      const [call] = result.toolCalls ?? [];
      expect(call?.id).toMatch(/^[a-z0-9]{9}$/);
      expect(JSON.parse(call?.arguments ?? '')).toMatchObject({ duration: 73 });
      const told = events.flatMap((event) => (event.kind === 'toolArguments' ? [event.text] : []));
      expect(told.join('')).toBe(call?.arguments);
      expect(events.filter(({ kind }) => kind === 'note' || kind === 'delta')).toEqual([]);
    });

    it('follows its schema, where one is a must, whatever the model wants', async () => {
      const names = new Set<string>();
      const asked = Array.from({ length: 16 }, async (_, seed) => {
        const { result } = await ask(
          { tools: TOOLS, choice: 'required', parallel: false },
          { sampling: { ...HOT, seed }, maxTokens: 200 },
        );
        expect(result).toMatchObject({ text: '', finishReason: 'toolCalls' });
        expect(result.toolCalls).toHaveLength(1);
        const [call] = result.toolCalls ?? [];
        const schema = TOOLS.find((tool) => tool.name === call?.name)?.parameters ?? false;
        const value: unknown = JSON.parse(call?.arguments ?? '');
        if (!ajv.validate(schema, value)) expect.fail(`${JSON.stringify(call)}: ${ajv.errorsText()}`);
        names.add(call?.name ?? '');
      });
      await Promise.all(asked);
      expect(names.size).toBe(2);
    });

    it('is of the tool that is named', async () => {
      const { result } = await ask({ tools: TOOLS, choice: { name: 'remember_text' } });
      expect(result.toolCalls).toMatchObject([{ name: 'remember_text' }]);
      expect(result.finishReason).toBe('toolCalls');
    });

    it('has no grammar where none can be made: a note where the model is free, an error where it is not', async () => {
      const odd = { ...COUNTDOWN, parameters: { ...COUNTDOWN.parameters, properties: { duration: { not: {} } } } };
      const { result, events } = await ask({ tools: [odd, REMEMBER] });
      expect(result.toolCalls).toMatchObject([{ name: 'countdown', arguments: '{"duration": 73}' }]);
      expect(events).toContainEqual({ kind: 'note', text: expect.stringContaining('may not follow') as string });
      await expect(ask({ tools: [odd], choice: 'required' })).rejects.toMatchObject({ name: 'GrammarFailed' });
      await expect(ask({ tools: [{ ...odd, strict: true }] })).rejects.toMatchObject({ name: 'GrammarFailed' });
    });

    it('is refused where it makes no sense', async () => {
      for (const use of [
        { tools: [], choice: 'required' },
        { tools: TOOLS, choice: { name: 'fly' } },
        { tools: [COUNTDOWN, COUNTDOWN] },
        { tools: [{ name: 'a b' }] },
      ] satisfies readonly ToolUse[])
        await expect(ask(use)).rejects.toMatchObject({ name: 'InvalidRequest' });
      await expect(ask({ tools: TOOLS }, { ignoreEos: true })).rejects.toMatchObject({ name: 'InvalidRequest' });
      const both = ask({ tools: TOOLS }, { grammar: { kind: 'structuralTag', tag: '{}' } });
      await expect(both).rejects.toMatchObject({ name: 'InvalidRequest' });
    });
  });
}
