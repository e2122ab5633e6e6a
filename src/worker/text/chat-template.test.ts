/** Templates and default layouts as a chat uses them: what is rendered, what is noted, what is refused. */
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../api.ts';
import { createChatTemplate, type ChatTemplate } from './chat-template.ts';

const MESSAGES: readonly ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: '2+2?' },
  { role: 'assistant', content: '4' },
  { role: 'user', content: 'Sure?' },
];
const OPTIONS = { addGenerationPrompt: true, now: new Date(2026, 2, 14) };

function make(template: string | undefined, tokens: readonly string[] = []): ChatTemplate {
  return createChatTemplate({ template, bosToken: '<s>', eosToken: '</s>', hasToken: (text) => tokens.includes(text) });
}

describe("a model's own template", () => {
  const plain = '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}';

  it('is rendered with its variables', () => {
    const template = make(`${plain}{% if add_generation_prompt %}[assistant]{% endif %}{{ tools | length }}{{ mood }}`);
    expect(template).toMatchObject({ isModels: true, note: undefined, stop: [] });
    const tools = [{ name: 'f' }, { name: 'g' }];
    const { text } = template.render(MESSAGES, { ...OPTIONS, tools, variables: { mood: '!' } });
    expect(text).toBe('<s>[system]Be brief.</s>[user]2+2?</s>[assistant]4</s>[user]Sure?</s>[assistant]2!');
    expect(template.render(MESSAGES.slice(1, 2), { ...OPTIONS, addGenerationPrompt: false })).toEqual({
      text: '<s>[user]2+2?</s>0',
    });
  });

  it('tells the date it is given', () => {
    const template = make('{{ strftime_now("%d %B %Y") }}: {{ messages[0].content }}');
    expect(template.render(MESSAGES.slice(1), OPTIONS).text).toBe('14 March 2026: 2+2?');
  });

  it('stops at end texts that it writes and the model has no token for', () => {
    const chatMl = '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';
    expect(make(chatMl).stop).toEqual(['<|im_end|>']);
    expect(make(chatMl, ['<|im_end|>']).stop).toEqual([]);
  });

  const folded = '[user]Be brief.\n\n2+2?[assistant]4[user]Sure?';
  it.each([
    [
      'refuses',
      '{% if messages[0].role == "system" %}{{ raise_exception("No system") }}{% endif %}' +
        '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}',
    ],
    ['drops', '{% for m in messages %}{% if m.role != "system" %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}'],
  ])('that %s system messages gets them in the first user message, and says so', (_, source) => {
    const { text, note } = make(source).render(MESSAGES, OPTIONS);
    expect(text).toBe(folded);
    expect(note).toMatch(/no system messages/);
    expect(make(source).render(MESSAGES.slice(1), OPTIONS)).toEqual({ text: '[user]2+2?[assistant]4[user]Sure?' });
  });

  it('fails by name, with its own message, where it refuses a conversation', () => {
    const source =
      '{% for m in messages %}{% if (m.role == "user") != (loop.index0 % 2 == 0) %}' +
      '{{ raise_exception("Roles must alternate") }}{% endif %}{{ m.content }}{% endfor %}';
    const twice = MESSAGES.slice(1, 2).concat(MESSAGES.slice(1, 2));
    const refuse = (): unknown => make(source).render(twice, OPTIONS);
    expect(refuse).toThrow(expect.objectContaining({ name: 'TemplateFailed' }));
    expect(refuse).toThrow(/refuses this conversation: Roles must alternate/);
    const undefinedValue = (): unknown => make('{{ messages[0].content }}').render([], OPTIONS);
    expect(undefinedValue).toThrow(expect.objectContaining({ name: 'TemplateFailed' }));
    expect(undefinedValue).toThrow(/messages\[0\] is not defined/);
  });

  it.each([
    ['cannot be read', '{% for %}'],
    ['uses what does not exist', '{{ messages | no_such_filter }}'],
    ['refuses even a greeting', '{{ raise_exception("never") }}'],
    ['leaves out what is said', '{{ bos_token }}{% if tools %}{{ messages[0].content }}{% endif %}'],
    ['is but a name that we do not know', 'vicuna-orca'],
  ])('that %s is replaced by a default, with a note', (_, source) => {
    const template = make(source, ['<|im_start|>', '<|im_end|>']);
    expect(template.isModels).toBe(false);
    expect(template.note).toMatch(/cannot be used \(.+\); the layout ChatML is used instead/);
    expect(template.render(MESSAGES.slice(1, 2), OPTIONS).text).toBe(
      '<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n',
    );
  });
});

describe('a layout that the file names', () => {
  it('is that of RWKV World', () => {
    const template = make('rwkv-world');
    expect(template).toMatchObject({ isModels: false, isForChat: true, note: undefined, stop: ['\n\nUser:'] });
    expect(template.render(MESSAGES, OPTIONS).text).toBe(
      'System: Be brief.\n\nUser: 2+2?\n\nAssistant: 4\n\nUser: Sure?\n\nAssistant:',
    );
  });
});

describe('the default layout', () => {
  it.each<[string, readonly string[], readonly string[], string]>([
    [
      'ChatML',
      ['<|im_start|>', '<|im_end|>'],
      ['<|im_end|>'],
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n' +
        '<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n',
    ],
    [
      'Llama 3',
      ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
      ['<|eot_id|>'],
      '<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n2+2?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n4<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nSure?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    ],
    [
      'Gemma',
      ['<start_of_turn>', '<end_of_turn>'],
      ['<end_of_turn>'],
      '<start_of_turn>user\nBe brief.\n\n2+2?<end_of_turn>\n<start_of_turn>model\n4<end_of_turn>\n' +
        '<start_of_turn>user\nSure?<end_of_turn>\n<start_of_turn>model\n',
    ],
    [
      'Phi-3',
      ['<|user|>', '<|assistant|>', '<|end|>'],
      ['<|end|>'],
      '<|system|>\nBe brief.<|end|>\n<|user|>\n2+2?<|end|>\n<|assistant|>\n4<|end|>\n<|user|>\nSure?<|end|>\n<|assistant|>\n',
    ],
    ['plain', ['<|im_start|>'], ['\nUser:'], 'Be brief.\n\nUser: 2+2?\nAssistant: 4\nUser: Sure?\nAssistant:'],
  ])('is %s for the tokens %j', (_, tokens, stop, expected) => {
    const template = make(undefined, tokens);
    expect(template).toMatchObject({ isModels: false, note: undefined, stop });
    expect(template.render(MESSAGES, OPTIONS)).toEqual({ text: expected });
  });

  it('renders a plain reply again as it came', () => {
    const template = make(undefined);
    const prompt = template.render(MESSAGES.slice(1, 2), OPTIONS).text;
    const next = template.render([...MESSAGES.slice(1, 2), { role: 'assistant', content: ' Four.' }], OPTIONS).text;
    expect(next.startsWith(`${prompt} Four.`)).toBe(true);
  });
});
