/**
 * Answers under grammars, by a model of random weights, which wants nothing: all are valid, and the same bit for bit however many
 * tokens a step gives. A validator that shares nothing with the grammars says what is valid; counters, no clocks.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';
import type { Grammar } from '../api.ts';
import type { CreateDrafter } from '../speculation/drafter.ts';
import { NgramDrafter } from '../speculation/ngram-drafter.ts';
import { tokenId } from '../tokens.ts';

const input = { kind: 'text', text: 'ba dida' } as const;
const HOT = { temperature: 3, topK: 0, topP: 1, minP: 0 } as const;

const object = (properties: object, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const text = { type: 'string', maxLength: 6 };

const SCHEMAS: readonly object[] = [
  object({ name: text, age: { type: 'integer', minimum: 0, maximum: 150 } }),
  object({ colour: { enum: ['red', 'green', 'blü', 7, null] }, alive: { type: 'boolean' }, none: { type: 'null' } }),
  { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 4 },
  object({ a: object({ b: object({ c: { const: 'dëep' } }) }), list: { type: 'array', items: text, maxItems: 2 } }),
  object({ x: { type: 'number' }, y: { type: 'number', exclusiveMinimum: -1, maximum: 1 } }),
  { type: 'string', pattern: '^[a-z]{2,5}(-\\d{1,3})?$' },
  { anyOf: [{ type: 'boolean' }, object({ kind: { const: 'other' }, value: { type: ['null', 'integer'] } })] },
  object({ a: { type: 'null' }, b: text, c: { type: 'boolean' } }, ['b']),
  { type: 'array', prefixItems: [{ type: 'string', format: 'date' }, { type: 'string', minLength: 1, maxLength: 3 }] },
  { $ref: '#/$defs/tree', $defs: { tree: object({ v: { type: 'boolean' }, in: { type: 'array', items: { $ref: '#/$defs/tree' }, maxItems: 1 } }, ['v']) } },
]; // prettier-ignore

const PERSON: Grammar = { kind: 'jsonSchema', schema: JSON.stringify(SCHEMAS[0]) };
const ajv = new Ajv2020({ strict: false, formats: { date: /^\d{4}-\d\d-\d\d$/ } });

function textAndIds({ result, events }: Generated) {
  const ids = events.flatMap((event) => (event.kind === 'logprobs' ? [event.chosen.token] : []));
  const { numGeneratedTokens, finishReason } = result;
  return { text: result.text, ids, numGeneratedTokens, finishReason };
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`answers under grammars ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let handle: string;
    let createDrafter: CreateDrafter = (sources) => new NgramDrafter(sources);
    beforeAll(async () => {
      engine = await TestEngine.open(name, { createDrafter: (sources) => createDrafter(sources) });
      ({ handle } = await engine.load());
    }, 300_000);

    const ask = (grammar: Grammar, request: Partial<Ask> = {}) => engine.ask(handle, { input, grammar, ...request });

    it('200 of them are valid, under ten schemas', async () => {
      const asked = Array.from({ length: 200 }, async (_, seed) => {
        const schema = SCHEMAS[seed % SCHEMAS.length] ?? {};
        const grammar: Grammar = { kind: 'jsonSchema', schema: JSON.stringify(schema) };
        const { result } = await ask(grammar, { sampling: { ...HOT, seed } });
        return { schema, result };
      });
      const texts = new Set<string>();
      for (const { schema, result } of await Promise.all(asked)) {
        expect(result.finishReason).toBe('stop');
        const value: unknown = JSON.parse(result.text);
        if (!ajv.validate(schema, value)) expect.fail(`${result.text}: ${ajv.errorsText()}`);
        texts.add(result.text);
      }
      expect(texts.size).toBeGreaterThan(100);
    });

    it('does not draw what there is no choice about, and computes it in few steps', async () => {
      const before = await engine.engine.stats();
      const { result } = await ask(PERSON, { sampling: { ...HOT, seed: 1 }, speculation: 'off' });
      const after = await engine.engine.stats();
      // {"name": " and ", "age": have one way of being written with tokens of a character each.
      expect(result.text).toMatch(/^\{"name": ".*", "age": \d+\}$/u);
      expect(result.numForcedTokens).toBeGreaterThan(15);
      const { numSteps } = result.speculation;
      expect(result.numGeneratedTokens).toBe(numSteps + result.numForcedTokens);
      expect(after.numSteps - before.numSteps).toBe(numSteps);
    });

    it('are the same with speculation and without, drawn or not, alone or beside others', async () => {
      const penalised = { ...HOT, repetitionPenalty: 1.3, frequencyPenalty: 0.5, logitBias: { 40: 3 } };
      for (const sampling of [{ temperature: 0 }, HOT, penalised]) {
        const request = { sampling: { ...sampling, seed: 5 }, maxTokens: 60 };
        const grammar: Grammar = { kind: 'jsonSchema', schema: JSON.stringify(SCHEMAS[3]) };
        const plain = await ask(grammar, { ...request, speculation: 'off' });
        // Log-probabilities are of tokens that are drawn, so that nothing is jumped over.
        const drawn = await ask(grammar, {
          ...request,
          speculation: 'off',
          sampling: { ...request.sampling, topLogprobs: 1 },
        });
        expect(drawn.result.numForcedTokens).toBe(0);
        expect(plain.result.numForcedTokens).toBeGreaterThan(10);
        expect({ ...textAndIds(drawn), ids: [] }).toEqual(textAndIds(plain));
        const ids = textAndIds(drawn).ids;
        createDrafter = () => knowing(ids);
        const guessed = await ask(grammar, { ...request, sampling: { ...request.sampling, topLogprobs: 1 } });
        expect(textAndIds(guessed)).toEqual(textAndIds(drawn));
        expect(guessed.result.speculation.numAcceptedTokens).toBeGreaterThan(5);
        const both = await ask(grammar, request);
        expect(textAndIds(both)).toEqual(textAndIds(plain));
        createDrafter = (sources) => new NgramDrafter(sources);
        const free: Ask = { input, maxTokens: 60, ignoreEos: true, sampling: { temperature: 0 } };
        const [beside] = await Promise.all([ask(grammar, request), engine.ask(handle, free), engine.ask(handle, free)]);
        expect(textAndIds(beside)).toEqual(textAndIds(plain));
      }
    });

    it('follow regular expressions and rules, over characters that are several tokens', async () => {
      const { result } = await ask({ kind: 'regex', pattern: '(é|日){3,5}[à-ï]!' }, { sampling: { ...HOT, seed: 2 } });
      expect(result.text).toMatch(/^(é|日){3,5}[à-ï]!$/u);
      const rules = 'start ::= word (" " word){2}\nword ::= [^a-z\\x00-\\x20] "é"';
      const words = await ask({ kind: 'ebnf', text: rules, root: 'start' }, { sampling: { ...HOT, seed: 3 } });
      expect(words.result.text).toMatch(/^[^a-z]é [^a-z]é [^a-z]é$/u);
      const json = await ask({ kind: 'json' }, { sampling: { ...HOT, seed: 4 }, maxTokens: 200 });
      expect(json.result.text).toMatch(/^[{[]/);
      const tag = { type: 'structural_tag', format: { type: 'tag', begin: '<a>', content: { type: 'json_schema', json_schema: SCHEMAS[2] }, end: '</a>' } }; // prettier-ignore
      const tagged = await ask({ kind: 'structuralTag', tag: JSON.stringify(tag) }, { sampling: { ...HOT, seed: 4 } });
      expect(tagged.result.text).toMatch(/^<a>\[-?\d+(, -?\d+){0,3}\]<\/a>$/);
    });

    it('begin with forced tokens that are allowed, end at limits and stop strings, and come several at once', async () => {
      const forced = await engine.engine.tokenize(handle, '{"name":');
      const start = forced.filter((id) => id !== 259); // the space that SPM puts before a text
      const { result } = await ask(PERSON, { forced: start, sampling: { ...HOT, seed: 1 } });
      expect(result.text.startsWith('{"name": "')).toBe(true);
      await expect(ask(PERSON, { forced: [start[1] ?? 0] })).rejects.toMatchObject({ name: 'InvalidRequest' });
      const short = await ask(PERSON, { maxTokens: 12, sampling: { ...HOT, seed: 1 } });
      expect(short.result).toMatchObject({ finishReason: 'length', numGeneratedTokens: 12 });
      const stopped = await ask(PERSON, { stop: ['"age'], sampling: { ...HOT, seed: 1 } });
      expect(stopped.result.text).toBe(result.text.slice(0, result.text.indexOf('"age')));
      const first = ask(PERSON, { request: 'first', sampling: { ...HOT, seed: 1 } });
      const second = ask(PERSON, { samePromptAs: 'first', sampling: { ...HOT, seed: 1 } });
      expect((await first).result.text).toBe(result.text);
      expect((await second).result.text).toBe(result.text);
      const again = await ask(PERSON, { conversation: 'c', sampling: { ...HOT, seed: 1 } });
      expect(again.result.text).toBe(result.text);
      const grammar: Grammar = { kind: 'regex', pattern: '[a-z]{500,}' };
      const endless = { client: 'test', request: 'endless', model: handle, input, grammar, sampling: HOT } as const;
      const aborted = await engine.engine.generate(endless, () => void engine.engine.abort('test', 'endless'));
      expect(aborted.finishReason).toBe('aborted');
    });

    it('are errors that say why where there can be none', async () => {
      const failing = async (grammar: Grammar) =>
        ask(grammar).then(
          () => 'an answer',
          (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
        );
      expect(await failing({ kind: 'ebnf', text: 'root ::= other' })).toMatch(
        /^GrammarFailed: .*"other" is not defined/,
      );
      expect(await failing({ kind: 'ebnf', text: 'root ::= root' })).toMatch(
        /^GrammarFailed: .*at the start of the answer/,
      );
      // Under UTF-8 no text has this byte, which the rules demand behind two characters.
      expect(await failing({ kind: 'ebnf', text: 'root ::= "ab" loop\nloop ::= loop' })).toMatch(
        /^GrammarFailed: .*behind “ab”/,
      );
      expect(await failing({ kind: 'jsonSchema', schema: '{"multipleOf":3}' })).toMatch(/^GrammarFailed: .*multipleOf/);
      expect(await failing({ kind: 'regex', pattern: '(' })).toMatch(/^GrammarFailed: .*Unterminated/);
      expect(await failing({ kind: 'structuralTag', tag: '{"format":{"type":"no"}}' })).toMatch(
        /^GrammarFailed: .*"no"/,
      );
      await expect(ask({ kind: 'json' }, { ignoreEos: true })).rejects.toMatchObject({ name: 'InvalidRequest' });
      // The engine aborts with each, and goes on.
      for (let n = 0; n < 40; n++) await failing({ kind: 'ebnf', text: `root ::= missing${String(n)}` });
      expect((await ask(PERSON, { sampling: HOT })).result.finishReason).toBe('stop');
    });
  });
}

/** Guesses what comes, since it is told. */
function knowing(ids: readonly number[]) {
  let numKnown = 0;
  return {
    push: (tokens: readonly unknown[]) => {
      numKnown += tokens.length;
    },
    propose: (maxTokens: number) => ids.slice(numKnown, numKnown + maxTokens).map((id) => tokenId(id)),
    verified: () => undefined,
  };
}
