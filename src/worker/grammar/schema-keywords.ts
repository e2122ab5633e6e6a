/**
 * Which words of JSON Schema are kept, of which kind of value each speaks, and the formats of texts. What is in none of these lists
 * is refused by name. Knows no EBNF.
 */

/** They say nothing of what is valid. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...['$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'examples', 'example'],
  ...['deprecated', 'readOnly', 'writeOnly'],
]);

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
export type SchemaType = (typeof TYPES)[number];

/** The words that speak of one type of value only. */
export const WORDS_OF_TYPE: Readonly<Partial<Record<SchemaType, readonly string[]>>> = {
  object: ['properties', 'required', 'additionalProperties', 'propertyNames'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
};

/** Words of a schema that is nothing but this one, and annotations. */
export const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf', '$ref'] as const;

const DAY = '((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))';
const DATE = `[0-9]{4}-${DAY}`;
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])';
const HOST = '[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?){1,4}';

/** Regular expressions; each allows no more than the format does, and less where that is simpler. */
export const FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: CLOCK,
  'date-time': `${DATE}T${CLOCK}`,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  email: `[a-zA-Z0-9_+-]{1,32}(\\.[a-zA-Z0-9_+-]{1,32}){0,3}@${HOST}`,
  hostname: HOST,
  ipv4: '((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])',
  uri: `https?://${HOST}(/[a-zA-Z0-9._~-]*)*(\\?[a-zA-Z0-9._~=&-]*)?(#[a-zA-Z0-9._~-]*)?`,
};
