/** What each format allows of answers to a request with tools, as the grammar engine reads it: byte by byte, to an end or not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { importEngineInNode } from '../../../tools/node/grammar-engine.ts';
import type { ToolUse } from '../api.ts';
import type { EngineCompiler, EngineModule } from '../grammar/engine-module.ts';
import { grammarSource } from '../grammar/grammar-source.ts';
import type { ToolFormat } from './format.ts';
import { FORMATS } from './formats/index.ts';
import { structuralTagOf, type TagOptions } from './structural-tag.ts';
import type { TagContent } from './tag-content.ts';

const TOOLS: ToolUse['tools'] = [
  {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['C', 'F'] } },
      required: ['city'],
    },
  },
  { name: 'now' },
];
const WEATHER = { name: 'weather', arguments: { city: 'Oslo', days: 3, unit: 'C' } };
const NOW = { name: 'now', arguments: {} };
const END = 256;

let module: EngineModule;
let compiler: EngineCompiler;
beforeAll(async () => {
  module = await importEngineInNode(1);
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const info = await module.TokenizerInfo.createTokenizerInfo([...bytes, new Uint8Array()], 'raw', false, 257, [END]);
  compiler = await module.GrammarCompiler.createGrammarCompiler(info, false);
});

type Verdict = (text: string) => Promise<boolean>;

/** Whether an answer may be this text and end there. */
async function verdictFor(
  format: ToolFormat,
  use: ToolUse,
  options: Partial<TagOptions> = {},
  answer?: TagContent,
): Promise<Verdict> {
  const tag = structuralTagOf(format, use, { isThinking: false, mayThink: false, ...options }, answer);
  const source = grammarSource({ kind: 'structuralTag', tag });
  if (source.kind !== 'structuralTag') throw new Error('a tag stays a tag');
  const compiled = await compiler.compileGrammar(await module.Grammar.fromStructuralTag(source.tag));
  return async (text) => {
    const matcher = await module.GrammarMatcher.createGrammarMatcher(compiled);
    try {
      for (const byte of new TextEncoder().encode(text)) if (!matcher.acceptToken(byte)) return false;
      return matcher.acceptToken(END);
    } finally {
      matcher.dispose();
    }
  };
}

/** As far as the model writes it: the end of an answer is no text. */
function written(format: ToolFormat, calls: Parameters<ToolFormat['write']>[0]): string {
  return format.write(calls).replace(/<\|call\|>$/, '');
}

describe.each(FORMATS.map((format) => [format.name, format] as const))('%s', (name, format) => {
  const one = written(format, [WEATHER]);
  const two = written(format, [WEATHER, NOW]);
  const unknown = written(format, [{ name: 'fly', arguments: {} }]);
  const wrong = [
    written(format, [{ name: 'weather', arguments: { days: 3 } }]),
    written(format, [{ name: 'weather', arguments: { city: 'Oslo', days: 'three' } }]),
    written(format, [{ name: 'weather', arguments: { city: 'Oslo', unit: 'K' } }]),
    written(format, [{ name: 'now', arguments: { zone: 'x' } }]),
  ];
  // Bare JSON that calls none of the tools is a text.
  const isBare = format.opens.length === 0 || format.opensAnswer === '{';
  const takesSeveral = !isBare && name !== 'harmony';

  it('leaves text free, and calls only their schemas', async () => {
    const allows = await verdictFor(format, { tools: TOOLS });
    const marked = written(format, [{ name: 'weather', arguments: { city: 'a < b <<i>' } }]);
    for (const text of ['', 'Hello, <b>you</b>: {"a": [1]}', one, `I look.\n${one}`, marked])
      expect([text, await allows(text)]).toEqual([text, true]);
    if (takesSeveral) expect(await allows(two)).toBe(true);
    for (const text of wrong) expect([text, await allows(text)]).toEqual([text, false]);
    expect(await allows(unknown)).toBe(isBare);
    expect(await allows(one.slice(0, -1 - one.length / 4))).toBe(false);
  });

  it('allows nothing but calls where one is a must, and nothing but one where it is named', async () => {
    const must = await verdictFor(format, { tools: TOOLS, choice: 'required' });
    const named = await verdictFor(format, { tools: TOOLS, choice: { name: 'weather' } });
    for (const allows of [must, named]) {
      expect(await allows(one)).toBe(true);
      for (const text of ['', 'Hello', `I look.\n${one}`, unknown, ...wrong])
        expect([text, await allows(text)]).toEqual([text, false]);
    }
    expect(await must(written(format, [NOW]))).toBe(true);
    expect(await named(written(format, [NOW]))).toBe(false);
    if (takesSeveral) expect([await must(two), await named(two)]).toEqual([true, false]);
  });

  it('allows one call where no more may be', async () => {
    const allows = await verdictFor(format, { tools: TOOLS, parallel: false });
    expect([await allows('Hi.'), await allows(one)]).toEqual([true, true]);
    if (takesSeveral) expect(await allows(two)).toBe(false);
  });
});

it('lets a model think first, whatever of', async () => {
  const hermes = FORMATS.find(({ name }) => name === 'hermes');
  const harmony = FORMATS.find(({ name }) => name === 'harmony');
  if (hermes === undefined || harmony === undefined) throw new Error('both are there');
  const [call, thought] = [hermes.write([NOW]), 'I could write <tool_call>, or not.'];
  for (const choice of ['auto', 'required'] as const) {
    const use = { tools: TOOLS, choice };
    const starts = await verdictFor(hermes, use, { mayThink: true });
    expect(await starts(`<think>${thought}</think>\n\n${call}`)).toBe(true);
    expect(await starts(call)).toBe(true);
    const goesOn = await verdictFor(hermes, use, { isThinking: true });
    expect(await goesOn(`${thought}</think>\n\n${call}`)).toBe(true);
    const channels = await verdictFor(harmony, use);
    const analysis = '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant';
    expect(await channels(analysis + written(harmony, [NOW]))).toBe(true);
  }
});

it('lets an answer be of a form of its own, where no tool is called', async () => {
  const hermes = FORMATS.find(({ name }) => name === 'hermes');
  if (hermes === undefined) throw new Error('it is there');
  const schema = { type: 'object', properties: { a: { const: 1 } }, required: ['a'] };
  const allows = await verdictFor(hermes, { tools: TOOLS }, {}, { type: 'json_schema', json_schema: schema });
  for (const text of ['{"a": 1}', hermes.write([NOW]), hermes.write([WEATHER])])
    expect([text, await allows(text)]).toEqual([text, true]);
  for (const text of ['', 'Hello', '{"a": 2}', `{"a": 1}\n${hermes.write([NOW])}`])
    expect([text, await allows(text)]).toEqual([text, false]);
});
