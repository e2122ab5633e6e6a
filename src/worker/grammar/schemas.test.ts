/**
 * Texts drawn at random under schemas, by nobody who wants them right, are valid: says a validator that shares nothing with the
 * grammars. What could not be kept is refused by name.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { byteGrammars, randomText } from '../../../tools/fixtures/byte-grammars.ts';
import { schemaToEbnf } from './schema-to-ebnf.ts';

const grammars = byteGrammars();

/** Repeatable, in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

const object = (properties: object, required = Object.keys(properties)) => ({ type: 'object', properties, required });

const VALID: readonly object[] = [
  object({ a: { type: 'boolean' }, b: { type: 'null' }, 'ü"\\\n': { const: 'é"\\\n\u0001' } }),
  object({ a: { type: 'null' }, b: { type: 'null' }, c: { type: 'null' }, d: { type: 'null' } }, ['b', 'd']),
  object({ a: { type: 'null' }, b: { type: 'null' } }, []),
  { type: 'integer' },
  { type: 'integer', minimum: -17, exclusiveMaximum: 1203 },
  { type: 'integer', minimum: 3 },
  { type: 'integer', maximum: -9007199254740991 },
  { type: 'number' },
  { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  { type: 'number', minimum: -2.75, exclusiveMaximum: 13.5 },
  { type: 'string', maxLength: 12 },
  { type: 'string', minLength: 2, maxLength: 5 },
  { type: 'string', pattern: '^[^a-y]{1,3}$' },
  { type: 'string', pattern: '^"\\d+\\\\.{2}$|^(?:x|yé?z)*$' },
  { type: 'string', pattern: 'ab|cd$' },
  ...['date', 'time', 'date-time', 'uuid', 'ipv4'].map((format) => ({ type: 'string', format })),
  { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 4 },
  { type: 'array', items: { type: 'null' }, maxItems: 1 },
  { type: 'array', items: { enum: [1, 'é', null, [1, { a: 2 }]] }, minItems: 3 },
  { type: 'array', prefixItems: [{ type: 'null' }, { const: 1 }], items: { type: 'boolean' }, minItems: 3, maxItems: 5 },
  { type: 'array', prefixItems: [{ type: 'null' }, { const: 1 }] },
  { type: ['integer', 'null', 'string'], maximum: 5, minimum: 0, maxLength: 2 },
  { type: 'string', enum: ['a', 1, 'b'] },
  { anyOf: [object({ a: { type: 'integer' } }), { type: 'array', items: { type: 'integer' }, maxItems: 2 }] },
  { oneOf: [object({ kind: { const: 'a' }, x: { type: 'null' } }), object({ kind: { const: 'b' } })] },
  { allOf: [{ type: 'null' }] },
  { type: 'object', additionalProperties: { type: 'integer', minimum: 0, maximum: 9 } },
  { $ref: '#/$defs/tree', $defs: { tree: object({ v: { type: 'null' }, in: { type: 'array', items: { $ref: '#/$defs/tree' }, maxItems: 1 } }, ['v']) } },
  { title: 'nested', description: 'three deep', ...object({ a: object({ b: object({ c: { type: 'boolean' } }) }) }) },
  {},
]; // prettier-ignore

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  'date-time': (text) => !Number.isNaN(Date.parse(text)),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text),
  ipv4: (text) => text.split('.').length === 4 && text.split('.').every((part) => Number(part) < 256),
};

describe('texts under a schema', () => {
  const ajv = new Ajv2020({ strict: false, formats: FORMATS });

  it.each(VALID.map((schema) => [JSON.stringify(schema), schema] as const))(
    'are valid under %s',
    async (schema, value) => {
      const isValid = ajv.compile(value);
      const random = seeded(7);
      let numEnded = 0;
      for (let n = 0; n < 30; n++) {
        const { text, ended } = await randomText(grammars, { kind: 'jsonSchema', schema }, random, 600);
        if (!ended) continue;
        numEnded++;
        if (!isValid(JSON.parse(text))) expect.fail(`${text}: ${ajv.errorsText(isValid.errors)}`);
      }
      expect(numEnded).toBeGreaterThan(10);
    },
  );

  it('have a layout of their own, and no more digits than numbers keep', async () => {
    const schema = JSON.stringify({ type: 'array', items: { type: 'number' }, minItems: 40 });
    const { text } = await randomText(grammars, { kind: 'jsonSchema', schema }, seeded(3), 20_000);
    const numbers = text.slice(1, -1).split(', ');
    expect(numbers.length).toBeGreaterThanOrEqual(40);
    for (const number of numbers) expect(number).toMatch(/^-?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?$/i);
    expect(text).not.toMatch(/\s\s|\n/);
  });
});

const REFUSED: readonly (readonly [schema: unknown, named: string])[] = [
  [{ type: 'integer', multipleOf: 2 }, '#.*multipleOf'],
  [{ type: 'string', const: 1 }, 'allows no value'],
  [{ type: 'array', uniqueItems: true }, 'uniqueItems'],
  [{ type: 'array', contains: {} }, 'contains'],
  [{ not: { type: 'null' } }, 'has not'],
  [{ if: {}, then: {} }, 'has if'],
  [{ type: 'object', minProperties: 1 }, 'minProperties'],
  [{ type: 'object', patternProperties: {} }, 'patternProperties'],
  [object({ a: { nullable: true, type: 'string' } }), '#/properties/a.*nullable'],
  [{ allOf: [{ type: 'string' }, { maxLength: 3 }] }, 'allOf of several'],
  [{ oneOf: [{ type: 'number' }, { type: 'integer' }] }, 'oneOf'],
  [{ anyOf: [{}], type: 'string' }, 'type beside anyOf'],
  [{ type: 'string', pattern: '^a', maxLength: 3 }, 'together'],
  [{ type: 'string', format: 'iri' }, 'format "iri"'],
  [{ type: 'string', pattern: '^(?=a)' }, '\\(\\?='],
  [{ type: 'string', pattern: '(a' }, 'Unterminated group'],
  [{ type: 'object', properties: {}, required: ['a'] }, 'names "a"'],
  [{ type: 'strange' }, 'type "strange"'],
  [{ type: 'integer', minimum: 2.1, maximum: 2.9 }, 'allows no number'],
  [{ type: 'array', minItems: 3, maxItems: 2 }, 'no number of items'],
  [{ type: 'string', enum: [1] }, 'allows no value'],
  [{ $ref: '#/$defs/x' }, 'not there'],
  [{ $ref: 'https://example.com/x' }, 'only places in this schema'],
  [false, 'nothing is valid'],
];

describe('a schema', () => {
  it.each(REFUSED.map(([schema, named]) => [JSON.stringify(schema), named] as const))(
    '%s is refused by name',
    (schema, named) => {
      const message = new RegExp(named) as unknown;
      expect(() => schemaToEbnf(schema)).toThrow(
        expect.objectContaining({ name: 'GrammarFailed', message: expect.stringMatching(message as RegExp) as string }),
      );
    },
  );

  it('that is no JSON is refused', () => {
    expect(() => schemaToEbnf('{"type":')).toThrow(expect.objectContaining({ name: 'GrammarFailed' }));
  });
});
