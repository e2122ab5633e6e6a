/**
 * A JSON schema as EBNF whose texts are all valid under it. It may allow less than the schema (one layout, properties in the
 * schema's order, none that it does not name), never more: words that it cannot keep are refused by name.
 */
import { charClass, complement, grammarError, literal, repeated } from './ebnf.ts';
import { ANY_INTEGER, ANY_NUMBER, integersBetween, numbersBetween, type Bounds } from './number-ranges.ts';
import { regexToEbnf, writeInJson } from './regex-to-ebnf.ts';
import { ALTERNATIVES, ANNOTATIONS, FORMATS, TYPES, WORDS_OF_TYPE, type SchemaType } from './schema-keywords.ts';
import { isRecord, excludeEachOther, typesOf, type Schema } from './schema-types.ts';

const COMMA = '", "';
const MAX_DEPTH = 64;
/** A character that needs no escape, and those that do. */
const PLAIN = charClass(complement([[0, 0x1f], [0x22, 0x22], [0x5c, 0x5c]])); // prettier-ignore
const ESCAPED = `"\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-Ce-fE-F] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))`;

/** Any JSON value, by the rules that these lines name. */
const VALUES = {
  value: 'object | array | string | number | "true" | "false" | "null"',
  object: `"{" (string ": " value (${COMMA} string ": " value)*)? "}"`,
  array: `"[" (value (${COMMA} value)*)? "]"`,
  string: `"\\"" character* "\\""`,
  character: `${PLAIN} | ${ESCAPED}`,
  integer: ANY_INTEGER,
  number: ANY_NUMBER,
} as const;

/** Rules, of which `root` is the answer. @param schema JSON text @throws GrammarFailed */
export function schemaToEbnf(schema: string): string {
  return new SchemaWriter(parsed(schema)).write();
}

/** An object or an array, of anything. */
export function jsonToEbnf(): string {
  return rules({ root: 'object | array', ...VALUES });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw grammarError(`The schema is no JSON text: ${String(error)}.`, { cause: error });
  }
}

function rules(bodies: Readonly<Record<string, string>>): string {
  return Object.entries(bodies)
    .map(([name, body]) => `${name} ::= ${body}\n`)
    .join('');
}

class SchemaWriter {
  readonly #root: unknown;
  readonly #rules: Record<string, string> = { ...VALUES };
  /** Rules of the places that `$ref` names. */
  readonly #references = new Map<string, string>();
  #depth = 0;
  #numRules = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  write(): string {
    this.#references.set('#', 'root');
    const root = this.#body(this.#root, '#');
    return rules({ root, ...this.#rules });
  }

  /** The name of a rule for a schema at a place like `#/properties/a`. */
  #rule(schema: unknown, at: string): string {
    const body = this.#body(schema, at);
    if (/^\w+$/.test(body)) return body;
    const name = `r${String(++this.#numRules)}`;
    this.#rules[name] = body;
    return name;
  }

  #body(schema: unknown, at: string): string {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw grammarError(`The schema is nested more than ${String(MAX_DEPTH)} deep.`);
    try {
      if (schema === true) return 'value';
      if (!isRecord(schema)) throw this.#error(at, `is ${JSON.stringify(schema)}, and nothing is valid under that`);
      return this.#bodyOf(schema, at);
    } finally {
      this.#depth -= 1;
    }
  }

  #bodyOf(schema: Schema, at: string): string {
    this.#checkWords(schema, at);
    if (Object.keys(schema).every((word) => ANNOTATIONS.has(word))) return 'value';
    if ('const' in schema) return this.#oneOf([schema['const']], schema, at);
    if ('enum' in schema) return this.#oneOf(this.#list(schema, 'enum', at), schema, at);
    if ('$ref' in schema) return this.#reference(schema['$ref'], at);
    for (const word of ['anyOf', 'oneOf', 'allOf']) if (word in schema) return this.#alternatives(word, schema, at);
    const bodies = typesOf(schema, (problem) => this.#error(at, problem)).map((type) => this.#typed(type, schema, at));
    return bodies.join(' | ');
  }

  #typed(type: SchemaType, schema: Schema, at: string): string {
    switch (type) {
      case 'object':
        return this.#object(schema, at);
      case 'array':
        return this.#array(schema, at);
      case 'string':
        return this.#string(schema, at);
      case 'number':
      case 'integer':
        return this.#number(type, schema, at);
      case 'boolean':
        return '"true" | "false"';
      case 'null':
        return '"null"';
    }
  }

  #object(schema: Schema, at: string): string {
    const { properties = {}, required = [], additionalProperties = true, propertyNames = true } = schema;
    if (!isRecord(properties)) throw this.#error(at, 'has properties that are no object');
    if (!Array.isArray(required)) throw this.#error(at, 'has a required that is no list');
    if (propertyNames !== true && JSON.stringify(propertyNames) !== '{"type":"string"}')
      throw this.#error(`${at}/propertyNames`, 'is more than {"type": "string"}, which cannot be kept');
    const names = Object.keys(properties);
    const unknown = (required as readonly unknown[]).find((name) => !names.some((known) => known === name));
    if (unknown !== undefined)
      throw this.#error(`${at}/required`, `names ${JSON.stringify(unknown)}, which properties has not`);
    if (names.length === 0) return this.#map(additionalProperties, at);
    // Others may be left out where they are allowed: beside these, the same name could come twice.
    const pairs = names.map((name) => {
      const value = this.#rule(properties[name], `${at}/properties/${name}`);
      return { pair: `${literal(`${JSON.stringify(name)}: `)} ${value}`, isRequired: required.includes(name) };
    });
    let [first, behind] = ['""', '""']; // of the properties from one on: when none came yet, and when one did
    for (const { pair, isRequired } of pairs.toReversed()) {
      const next = this.#named(behind);
      const before = this.#named(first);
      first = isRequired ? `${pair} ${next}` : `${pair} ${next} | ${before}`;
      behind = isRequired ? `${COMMA} ${pair} ${next}` : `(${COMMA} ${pair})? ${next}`;
    }
    return `"{" ${this.#named(first)} "}"`;
  }

  #named(body: string): string {
    if (body === '""') return body;
    const name = `r${String(++this.#numRules)}`;
    this.#rules[name] = body;
    return name;
  }

  /** An object whose names are free. */
  #map(values: unknown, at: string): string {
    if (values === false) return '"{}"';
    const value = this.#rule(values, `${at}/additionalProperties`);
    if (value === 'value') return 'object';
    return `"{" (string ": " ${value} (${COMMA} string ": " ${value})*)? "}"`;
  }

  #array(schema: Schema, at: string): string {
    const { items = true } = schema;
    const prefix = 'prefixItems' in schema ? this.#list(schema, 'prefixItems', at) : [];
    const least = this.#count(schema, 'minItems', at, 0);
    const mostAllowed = this.#count(schema, 'maxItems', at, Infinity);
    const most = items === false ? Math.min(prefix.length, mostAllowed) : mostAllowed;
    if (least > most) throw this.#error(at, 'allows no number of items');
    if (most === 0) return '"[]"';
    if (prefix.length === 0 && items === true && least === 0 && most === Infinity) return 'array';
    const first = prefix.slice(0, most).map((item, i) => this.#rule(item, `${at}/prefixItems/${String(i)}`));
    const hasMore = most > first.length && (first.length === 0 || least > first.length || 'items' in schema);
    const parts = first.map((item, i) => (i === 0 ? item : `${COMMA} ${item}`));
    if (!hasMore) return `"[" ${parts.join(' ')} "]"`;
    const item = this.#rule(items, `${at}/items`);
    const rest = (from: number) => repeated(`${COMMA} ${item}`, Math.max(0, least - from), most - from);
    if (first.length > 0) return `"[" ${parts.join(' ')} ${rest(first.length)} "]"`;
    const filled = most === 1 ? item : `${item} ${rest(1)}`;
    return least === 0 ? `"[" (${filled})? "]"` : `"[" ${filled} "]"`;
  }

  #string(schema: Schema, at: string): string {
    const { pattern, format } = schema;
    const hasLength = 'minLength' in schema || 'maxLength' in schema;
    const given = [pattern !== undefined, format !== undefined, hasLength].filter(Boolean).length;
    if (given > 1)
      throw this.#error(at, 'has more than one of pattern, format and a length, which cannot be kept together');
    const quoted = (content: string) => `"\\"" ${content} "\\""`;
    if (pattern !== undefined) {
      if (typeof pattern !== 'string') throw this.#error(`${at}/pattern`, 'is no text');
      return quoted(`(${regexToEbnf(pattern, { write: writeInJson, anywhere: true })})`);
    }
    if (format !== undefined) {
      const known = Object.entries(FORMATS).find(([name]) => name === format)?.[1];
      if (known === undefined) throw this.#error(at, `has the format ${JSON.stringify(format)}, which cannot be kept`);
      return quoted(`(${regexToEbnf(known, { write: writeInJson })})`);
    }
    if (!hasLength) return 'string';
    const least = this.#count(schema, 'minLength', at, 0);
    const most = this.#count(schema, 'maxLength', at, Infinity);
    if (least > most) throw this.#error(at, 'allows no length');
    // Bounds are counted without escapes, which take the engine far longer.
    return most === 0 ? '"\\"\\""' : quoted(repeated(PLAIN, least, most));
  }

  #number(type: 'number' | 'integer', schema: Schema, at: string): string {
    const entries = (WORDS_OF_TYPE.number ?? []).flatMap((word) =>
      word in schema ? [[word, schema[word]] as const] : [],
    );
    if (entries.length === 0) return type;
    const wrong = entries.find(([, value]) => typeof value !== 'number' || !Number.isFinite(value));
    if (wrong !== undefined) throw this.#error(`${at}/${wrong[0]}`, 'is no number');
    const bounds = Object.fromEntries(entries) as Bounds;
    return type === 'integer' ? integersBetween(bounds) : numbersBetween(bounds);
  }

  #oneOf(values: readonly unknown[], schema: Schema, at: string): string {
    const known = new Set(['const', 'enum', 'type', ...ANNOTATIONS]);
    const other = Object.keys(schema).find((word) => !known.has(word) || ('const' in schema && word === 'enum'));
    if (other !== undefined) throw this.#error(at, `has ${other} beside its values, which cannot be kept together`);
    const { type } = schema;
    const types = type !== undefined ? typesOf({ type }, (problem) => this.#error(at, problem)) : TYPES;
    const allowed = values.filter((value) =>
      typesOf({ const: value }, () => new Error()).some((type) => types.includes(type)),
    );
    if (allowed.length === 0) throw this.#error(at, 'allows no value');
    return allowed.map((value) => literal(JSON.stringify(value))).join(' | ');
  }

  #alternatives(word: string, schema: Schema, at: string): string {
    const list = this.#list(schema, word, at);
    if (list.length === 0) throw this.#error(`${at}/${word}`, 'is empty');
    if (word === 'allOf' && list.length > 1)
      throw this.#error(at, 'has allOf of several schemas, which cannot be kept');
    if (word === 'oneOf' && !excludeEachOther(list))
      throw this.#error(at, 'has oneOf of schemas that may hold at once, which cannot be kept; use anyOf');
    return list.map((option, i) => this.#rule(option, `${at}/${word}/${String(i)}`)).join(' | ');
  }

  #reference(target: unknown, at: string): string {
    if (typeof target !== 'string' || !/^#(\/|$)/.test(target))
      throw this.#error(at, `refers to ${JSON.stringify(target)}; only places in this schema can be referred to`);
    const known = this.#references.get(target);
    if (known !== undefined) return known;
    let place: unknown = this.#root;
    for (const part of target.slice(2).split('/')) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      place = typeof place === 'object' && place !== null ? (place as Schema)[key] : undefined;
    }
    if (place === undefined) throw this.#error(at, `refers to ${target}, which is not there`);
    const name = `r${String(++this.#numRules)}`;
    this.#references.set(target, name);
    this.#rules[name] = this.#body(place, target);
    return name;
  }

  /** Refuses what is not kept, by name. */
  #checkWords(schema: Schema, at: string): void {
    const known = new Set<string>(['type', 'const', 'enum', ...ALTERNATIVES, ...Object.values(WORDS_OF_TYPE).flat()]);
    const words = Object.keys(schema).filter((word) => !ANNOTATIONS.has(word));
    const unknown = words.find((word) => !known.has(word));
    if (unknown !== undefined) throw this.#error(at, `has ${unknown}, which cannot be kept`);
    const alternative = words.find((word) => (ALTERNATIVES as readonly string[]).includes(word));
    if (alternative === undefined) return;
    const beside = words.find((word) => word !== alternative);
    if (beside !== undefined)
      throw this.#error(at, `has ${beside} beside ${alternative}, which cannot be kept together`);
  }

  #list(schema: Schema, word: string, at: string): readonly unknown[] {
    const list = schema[word];
    if (!Array.isArray(list)) throw this.#error(`${at}/${word}`, 'is no list');
    return list;
  }

  #count(schema: Schema, word: string, at: string, fallback: number): number {
    const count = schema[word] ?? fallback;
    if (count === Infinity || (Number.isInteger(count) && (count as number) >= 0)) return count as number;
    throw this.#error(`${at}/${word}`, `is ${JSON.stringify(count)}, which is no count`);
  }

  #error(at: string, problem: string): Error {
    return grammarError(`The schema at ${at} ${problem}.`);
  }
}
