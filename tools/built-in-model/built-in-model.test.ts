/**
 * What the trainer of the built-in model and the runtime must agree on, checked on the fixture its export wrote: the file
 * is read, texts become the same ids, chats the same text. The numbers are checked by `npm run parity` on this folder's
 * fixtures. Knows nothing of training.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage, ToolDefinition } from '../../src/worker/api.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { ModelKeys, readCommonConfig } from '../../src/worker/model/config.ts';
import { createChatTemplate } from '../../src/worker/text/chat-template.ts';
import { createTokenizer, type Tokenizer } from '../../src/worker/text/tokenizer.ts';
import { nodeFileSource } from '../node/file-source.ts';

interface TextCase {
  readonly text: string;
  readonly plain: readonly number[];
  readonly special: readonly number[];
}
interface ChatCase {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly function: ToolDefinition }[];
  readonly text: string;
}
interface Expected {
  readonly texts: readonly TextCase[];
  readonly chats: readonly ChatCase[];
}

const FIXTURES = join(import.meta.dirname, 'fixtures');
const expected = readExpected();

let tokenizer: Tokenizer;
let template: string | undefined;
let config: ReturnType<typeof readCommonConfig>;

beforeAll(async () => {
  const { metadata } = await readGgufHeader(await nodeFileSource(join(FIXTURES, 'models', 'fixture-q4_0.gguf')));
  tokenizer = createTokenizer(metadata);
  template = metadata.string('tokenizer.chat_template');
  config = readCommonConfig(new ModelKeys(metadata));
});

describe('the built-in model, as its trainer writes it', () => {
  it('is a llama model that the runtime takes', () => {
    expect(config).toMatchObject({
      architecture: 'llama',
      numHeads: 4,
      contextLength: 1024,
    });
    for (const layer of config.layers) expect(layer).toMatchObject({ numKvHeads: 2, headDim: 16 });
  });

  it('turns texts into the same ids, with and without special tokens', () => {
    expect(expected.texts.length).toBeGreaterThan(60);
    for (const { text, plain, special } of expected.texts) {
      expect(tokenizer.encode(text, { addSpecial: true, parseSpecial: false }), JSON.stringify(text)).toEqual(plain);
      expect(tokenizer.encode(text, { addSpecial: true, parseSpecial: true }), JSON.stringify(text)).toEqual(special);
      expect(
        tokenizer.decode(tokenizer.encode(text, { addSpecial: true, parseSpecial: true }), { special: true }),
      ).toBe(text);
    }
  });

  it('ends an answer at <|im_end|>', () => {
    const end = tokenizer.specialId('<|im_end|>');
    expect(end).toBeDefined();
    if (end !== undefined) expect(tokenizer.isEndOfGeneration(end)).toBe(true);
  });

  it('lays out chats and tools as they were in training', () => {
    const chat = createChatTemplate({
      template,
      bosToken: '<|im_start|>',
      eosToken: '<|im_end|>',
      hasToken: (text) => tokenizer.specialId(text) !== undefined,
    });
    expect(chat).toMatchObject({ isModels: true, note: undefined, stop: [] });
    for (const { messages, tools, text } of expected.chats) {
      const options = {
        addGenerationPrompt: true,
        now: new Date(0),
        tools: (tools ?? []).map((tool) => tool.function),
      };
      expect(chat.render(messages, options)).toEqual({ text });
    }
  });
});

function readExpected(): Expected {
  const value: unknown = JSON.parse(readFileSync(join(FIXTURES, 'text.json'), 'utf8'));
  if (isExpected(value)) return value;
  throw new Error('fixtures/text.json is not what make_fixture.py writes');
}

function isExpected(value: unknown): value is Expected {
  return typeof value === 'object' && value !== null && 'texts' in value && 'chats' in value;
}
