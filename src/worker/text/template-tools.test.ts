/** Tools, calls and results in real templates: what each of them wants is found out, and what it writes is read again. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reference } from '../../../tools/fixtures/text.ts';
import type { ChatMessage, ToolDefinition } from '../api.ts';
import { parse } from '../tools/testing/parse.ts';
import { createChatTemplate, type ChatTemplate } from './chat-template.ts';

const TOOLS: readonly ToolDefinition[] = [
  {
    name: 'get_weather',
    description: 'Weather of a place',
    parameters: {
      type: 'object',
      properties: { place: { type: 'string', description: 'Town' }, days: { type: 'number' } },
    },
  },
  // All that can be left out.
  { name: 'get_time' },
];
const CALL = {
  id: 'call_made_elsewhere',
  name: 'get_weather',
  arguments: '{"place": "Zürich \\"Altstadt\\"", "days": 3}',
};
const ASKED: ChatMessage = { role: 'user', content: 'How is it there?' };
const CALLED: ChatMessage = { role: 'assistant', content: '', toolCalls: [CALL] };
const ANSWERED: ChatMessage = { role: 'tool', content: 'seven degrees', toolCallId: CALL.id };
const OPTIONS = { addGenerationPrompt: true, now: new Date(2026, 2, 14), tools: TOOLS };

function make(template: string): ChatTemplate {
  return createChatTemplate({ template, bosToken: '<s>', eosToken: '</s>', hasToken: () => true });
}

/** Format, and whether it shows several calls of one answer; or why there is none. */
const TEMPLATES: readonly [name: string, format: string | undefined, several: boolean][] = [
  ['Apertus-8B-Instruct', 'apertus', true],
  ['CohereForAI-c4ai-command-r7b-12-2024-tool_use', 'command-r', true],
  ['HuggingFaceTB-SmolLM3-3B', undefined, false],
  ['LFM2.5-Instruct', 'lfm', true],
  ['NousResearch-Hermes-3-Llama-3.1-8B-tool_use', 'hermes', true],
  ['Qwen-Qwen2.5-7B-Instruct', 'hermes', true],
  ['Qwen-Qwen3-0.6B', 'hermes', true],
  ['Qwen3.5-4B', 'qwen-xml', true],
  ['deepseek-ai-DeepSeek-R1-Distill-Qwen-32B', undefined, false],
  ['google-gemma-2-2b-it', undefined, false],
  ['google-gemma-4-31B-it', 'gemma', true],
  ['ibm-granite-granite-4.0', 'hermes', true],
  ['llama-cpp-rwkv-world', undefined, false],
  ['meta-llama-Llama-3.1-8B-Instruct', 'llama', false],
  ['meta-llama-Llama-3.2-3B-Instruct', 'llama', false],
  ['microsoft-Phi-3.5-mini-instruct', undefined, false],
  ['mistralai-Mistral-Nemo-Instruct-2407', 'mistral', true],
  ['openai-gpt-oss-120b', 'harmony', false],
];

describe('real templates', () => {
  it.for(TEMPLATES)('%s: %s', ([name, formatName, several], { skip }) => {
    if ('missing' in reference) return skip(reference.missing);
    const template = make(readFileSync(`${reference.folder}/templates/${name}.jinja`, 'utf8'));
    const { format, refusal, takesSeveralCalls } = template.tools;
    expect(format?.name).toBe(formatName);
    if (format === undefined) {
      expect(refusal).toBe('its chat template has no place for tools');
      return;
    }
    expect(takesSeveralCalls).toBe(several);
    const { text } = template.render([ASKED, CALLED, ANSWERED], OPTIONS);
    for (const { name: tool } of TOOLS) expect(text).toContain(tool);
    expect(text.split('seven degrees')).toHaveLength(2);
    // What it writes for a call is what is read as one.
    const answer = text.slice(
      text.indexOf(format.opensAnswer === '{' ? '{' : (format.opens[0] ?? ''), text.lastIndexOf('How is it there?')),
    );
    const [call] = parse(format, { tools: TOOLS }, [answer.slice(0, answer.indexOf('seven degrees'))]).calls;
    expect({ ...call, arguments: JSON.parse(call?.arguments ?? '') as unknown }).toEqual({
      name: 'get_weather',
      arguments: JSON.parse(CALL.arguments) as unknown,
    });
  });
});

describe('what a template wants', () => {
  const turns = (call: string) =>
    `{%- if tools %}{{ tools | tojson }}<tool_call>"name"{% endif %}{%- for m in messages %}[{{ m.role }}]{{ m.content or '' }}` +
    `{%- for c in m.tool_calls or [] %}${call}{% endfor %}{% endfor %}`;

  it('is arguments as an object, or as text, or the calls in the content', () => {
    const asObject = make(turns('{{ c.function.name }}{{ c.function.arguments | tojson }}'));
    expect(asObject.render([ASKED, CALLED], OPTIONS).text).toMatch(
      /get_weather\{"place": "Zürich \\"Altstadt\\"", "days": 3\}$/,
    );
    const asText = make(turns('{{ c.function.name + c.function.arguments }}'));
    expect(asText.render([ASKED, CALLED], OPTIONS).text).toMatch(
      /get_weather\{"place": "Zürich \\"Altstadt\\"", "days": 3\}$/,
    );
    const inContent = make(turns(''));
    expect(inContent.render([ASKED, { ...CALLED, content: 'Hm.' }], OPTIONS).text).toMatch(
      /\[assistant\]Hm\.\n<tool_call>\n\{"name": "get_weather", "arguments": \{"place": .+\}\n<\/tool_call>$/,
    );
  });

  it('is an id of nine letters and digits, the same in call and result', () => {
    const { text } = make(
      turns('<{{ c.id }}>{{ c.function.name }}{{ c.function.arguments | tojson }}').replace(
        "or '' }}",
        "or '' }}<{{ m.tool_call_id }}>",
      ),
    ).render([ASKED, CALLED, ANSWERED], OPTIONS);
    const ids = [...text.matchAll(/<([a-z0-9]{9})>/g)].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('is the name of the tool with its result, which clients leave out', () => {
    const named = turns('{{ c.function.name }}{{ c.function.arguments | tojson }}').replace(
      "or '' }}",
      "or '' }}{{ m.name }}",
    );
    const { text } = make(named).render([ASKED, CALLED, ANSWERED], OPTIONS);
    expect(text).toMatch(/seven degreesget_weather$/);
  });

  it('is nothing of the kind: it is refused, and nothing left out', () => {
    const deaf = make('{% for m in messages %}{% if m.role != "tool" %}{{ m.content }}{% endif %}{% endfor %}');
    expect(deaf.tools.format).toBeUndefined();
    expect(() => deaf.render([ASKED, CALLED], OPTIONS)).toThrow(/leaves out calls of tools/);
    expect(() => deaf.render([ASKED, ANSWERED], OPTIONS)).toThrow(/leaves out results of tools/);
    const own = make('{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}');
    expect(own.tools).toMatchObject({ format: undefined, refusal: 'the form in which it calls tools is not known' });
    const broken = { ...CALLED, toolCalls: [{ ...CALL, arguments: '{"place": ' }] };
    expect(() =>
      make(turns('{{ c.function.name }}{{ c.function.arguments | tojson }}')).render([ASKED, broken], OPTIONS),
    ).toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
  });

  it('is descriptions in the system message', () => {
    const phi =
      "{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}" +
      "{{ '<|system|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|><|end|>' }}" +
      "{% else %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}";
    const template = make(phi);
    expect(template.tools.format?.name).toBe('phi');
    const { text } = template.render([{ role: 'system', content: 'Be brief.' }, ASKED, CALLED, ANSWERED], OPTIONS);
    expect(text).toContain('<|system|>Be brief.<|tool|>[{"name":"get_weather"');
    expect(text).toContain('<|assistant|><|tool_call|>[{"name": "get_weather"');
    expect(template.render([ASKED], OPTIONS).text).toMatch(/^<\|system\|><\|tool\|>\[/);
  });
});
