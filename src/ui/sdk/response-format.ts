/** What an answer must be, in OpenAI's words and two of ours, as the engine has it. The engine says what it cannot keep of a schema. */
import type { Grammar } from '../../worker/api.ts';
import { invalid, missing, unsupported } from './request-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Undefined where the answer is free. @throws RequestError */
export function grammarOf(format: unknown): Grammar | undefined {
  if (format === undefined || format === null) return undefined;
  if (typeof format !== 'object') throw invalid('response_format', format, 'an object with a type');
  const { type, ...others } = format as Fields;
  switch (type) {
    case 'text':
      return undefined;
    case 'json_object':
      return { kind: 'jsonSchema', schema: '{"type":"object"}' };
    case 'json_schema':
      return { kind: 'jsonSchema', schema: schemaOf(others['json_schema']) };
    case 'regex':
      return { kind: 'regex', pattern: textAt(others, 'pattern') };
    case 'ebnf':
      return {
        kind: 'ebnf',
        text: textAt(others, 'grammar'),
        ...(others['root'] === undefined ? {} : { root: textAt(others, 'root') }),
      };
    default:
      throw unsupported('response_format.type', 'types are text, json_object, json_schema, regex and ebnf');
  }
}

/** It is kept with `strict` and without. */
function schemaOf(described: unknown): string {
  if (typeof described !== 'object' || described === null) throw missing('response_format.json_schema');
  const { schema = {} } = described as Fields;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw invalid('response_format.json_schema.schema', schema, 'a JSON schema');
  return JSON.stringify(schema);
}

function textAt(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(`response_format.${name}`);
  if (typeof value !== 'string') throw invalid(`response_format.${name}`, value, 'a text');
  return value;
}
