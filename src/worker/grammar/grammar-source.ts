/** From a request's grammar to what the engine reads: rules in EBNF, or a structural tag with such rules inside. Knows no engine. */
import type { Grammar } from '../api.ts';
import { grammarError } from './ebnf.ts';
import { withSetsRewritten } from './ebnf-sets.ts';
import { regexToEbnf, writeRaw } from './regex-to-ebnf.ts';
import { jsonToEbnf, schemaToEbnf } from './schema-to-ebnf.ts';
import { isRecord } from './schema-types.ts';

export type GrammarSource =
  | { readonly kind: 'ebnf'; readonly text: string; readonly root: string }
  | { readonly kind: 'structuralTag'; readonly tag: string };

/** More would overflow the engine's stack. */
const MAX_NESTING = 64;

/** Checks what callers wrote, too. @throws GrammarFailed */
export function grammarSource(grammar: Grammar): GrammarSource {
  switch (grammar.kind) {
    case 'json':
      return ebnf(jsonToEbnf());
    case 'jsonSchema':
      return ebnf(schemaToEbnf(textOf(grammar.schema, 'schema')));
    case 'regex':
      return ebnf(regexRules(textOf(grammar.pattern, 'pattern')));
    case 'ebnf':
      return ebnf(withSetsRewritten(textOf(grammar.text, 'text')), textOf(grammar.root ?? 'root', 'root'));
    case 'structuralTag':
      return { kind: 'structuralTag', tag: tagWithRules(textOf(grammar.tag, 'tag')) };
    default:
      throw grammarError(
        `There is no grammar of the kind ${JSON.stringify((grammar as { readonly kind: unknown }).kind)}; kinds are json, jsonSchema, regex, ebnf and structuralTag.`,
      );
  }
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw grammarError(`The grammar's ${field} must be a text that is not empty.`);
}

function ebnf(text: string, root = 'root'): GrammarSource {
  return { kind: 'ebnf', text, root };
}

function regexRules(pattern: string): string {
  return `root ::= ${regexToEbnf(pattern, { write: writeRaw })}\n`;
}

/** The same tag, with rules of our own making for schemas and regular expressions. */
function tagWithRules(text: string): string {
  let tag: unknown;
  try {
    tag = JSON.parse(text);
  } catch (error) {
    throw grammarError(`The structural tag is no JSON text: ${String(error)}.`, { cause: error });
  }
  const format = isRecord(tag) ? tag['format'] : undefined;
  if (!isRecord(format)) throw grammarError('The structural tag has no format; it must be an object with one.');
  return JSON.stringify({ type: 'structural_tag', format: formatWithRules(format, 0) });
}

const TAG_KINDS = [
  'const_string',
  'any_text',
  'grammar',
  'sequence',
  'or',
  'tag',
  'triggered_tags',
  'tags_with_separator',
];

function formatWithRules(format: unknown, depth: number): unknown {
  if (!isRecord(format)) throw grammarError(`The structural tag has ${JSON.stringify(format)} for a format.`);
  if (depth > MAX_NESTING) throw grammarError(`The structural tag is nested more than ${String(MAX_NESTING)} deep.`);
  const { type, elements, tags, content } = format;
  if (type === 'json_schema') return { type: 'grammar', grammar: schemaToEbnf(JSON.stringify(format['json_schema'])) };
  if (type === 'grammar') return { type, grammar: withSetsRewritten(textOf(format['grammar'], 'grammar')) };
  if (type === 'regex') return { type: 'grammar', grammar: regexRules(textOf(format['pattern'], 'pattern')) };
  if (!TAG_KINDS.some((kind) => kind === type)) {
    throw grammarError(
      `The structural tag has the format ${JSON.stringify(type)}; formats are json_schema, regex, ${TAG_KINDS.join(', ')}.`,
    );
  }
  const inside = (formats: readonly unknown[]): readonly unknown[] =>
    formats.map((inner) => formatWithRules(inner, depth + 1));
  return {
    ...format,
    ...(Array.isArray(elements) ? { elements: inside(elements) } : {}),
    // Among tags the word may be left out.
    ...(Array.isArray(tags)
      ? { tags: inside(tags.map((tag: unknown) => (isRecord(tag) ? { type: 'tag', ...tag } : tag))) }
      : {}),
    ...(content === undefined ? {} : { content: formatWithRules(content, depth + 1) }),
  };
}
