/**
 * Grammars for arguments that are no JSON: which arguments there are, and what each may be as far as its schema's type says; what is
 * inside of lists and objects is free. In XGrammar's EBNF. Knows no format but by how it writes texts, words and keys.
 */
import type { ToolDefinition } from '../api.ts';

export interface ArgumentSyntax {
  /** Rules, and the name of the one for a text. */
  readonly text: { readonly rules: string; readonly name: string };
  /** A text that is given, e.g. of an enumeration. */
  readonly quote: (text: string) => string;
  readonly words: { readonly true: string; readonly false: string; readonly null: string };
  /** Between a name and its value, between two arguments. */
  readonly assign: string;
  readonly separator: string;
  /** What a key of an object is. */
  readonly key: string;
}

interface Schema {
  readonly type?: unknown;
  readonly enum?: unknown;
}

/** Arguments in the order of the schema; those that are not required may be left out. */
export function argumentsGrammar({ parameters }: ToolDefinition, syntax: ArgumentSyntax): string {
  const properties = Object.entries(recordOf(parameters?.['properties']));
  const required = Array.isArray(parameters?.['required']) ? parameters['required'] : [];
  const rules = properties.map(
    ([name, schema], i) => `arg${String(i)} ::= ${literal(`${name}${syntax.assign}`)} (${valueOf(schema, syntax)})`,
  );
  return [
    `root ::= ${sequenceOf(
      properties.map(([name]) => required.includes(name)),
      syntax,
    )}`,
    ...rules,
    valueRules(syntax),
  ].join('\n');
}

/** All subsets with what is required, in order: `rest(i)` is what may follow when something came before. */
function sequenceOf(required: readonly boolean[], { separator }: ArgumentSyntax): string {
  const rest = (from: number): string =>
    required
      .slice(from)
      .map((must, i) => {
        const one = `${literal(separator)} arg${String(from + i)}`;
        return must ? one : `(${one})?`;
      })
      .join(' ');
  const alternatives: string[] = [];
  for (const [i, must] of required.entries()) {
    alternatives.push(`arg${String(i)} ${rest(i + 1)}`.trim());
    if (must) return alternatives.map((one) => `(${one})`).join(' | ');
  }
  return [...alternatives.map((one) => `(${one})`), '""'].join(' | ');
}

function valueOf(schema: unknown, syntax: ArgumentSyntax): string {
  const { type, enum: values } = recordOf(schema) as Schema;
  if (Array.isArray(values)) return values.map((value) => constantOf(value, syntax)).join(' | ');
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.map((one) => RULES.get(one) ?? 'value').join(' | ');
}

const RULES: ReadonlyMap<unknown, string> = new Map([
  ['string', 'text'],
  ['integer', 'integer'],
  ['number', 'number'],
  ['boolean', 'boolean'],
  ['array', 'list'],
  ['object', 'object'],
  ['null', 'none'],
]);

function valueRules({ text, words, key, separator }: ArgumentSyntax): string {
  const comma = literal(separator);
  return [
    text.rules,
    `text ::= ${text.name}`,
    // No more digits than numbers keep: a model could go on with them for ever.
    'integer ::= "-"? ("0" | [1-9] [0-9]{0,14})',
    'number ::= integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    `boolean ::= ${literal(words.true)} | ${literal(words.false)}`,
    `none ::= ${literal(words.null)}`,
    `list ::= "[" (value (${comma} value)*)? "]"`,
    `object ::= "{" (member (${comma} member)*)? "}"`,
    `member ::= ${key} value`,
    'value ::= text | number | boolean | none | list | object',
  ].join('\n');
}

function constantOf(value: unknown, { quote, words }: ArgumentSyntax): string {
  if (typeof value === 'string') return literal(quote(value));
  if (value === null) return literal(words.null);
  if (typeof value === 'boolean') return literal(words[value ? 'true' : 'false']);
  return typeof value === 'number' ? literal(JSON.stringify(value)) : 'value';
}

function literal(text: string): string {
  return JSON.stringify(text);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
