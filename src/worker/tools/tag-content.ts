/**
 * XGrammar's structural tags, as far as they are used here: types after its documentation
 * (https://xgrammar.mlc.ai/docs/tutorials/structural_tag.html). Knows no calls but their arguments.
 */
import type { ToolDefinition } from '../api.ts';

/** Texts around a content. */
export interface Tag {
  readonly begin: string;
  readonly content: TagContent;
  readonly end: string;
}

export type TagContent =
  | { readonly type: 'any_text' }
  | { readonly type: 'const_string'; readonly value: string }
  | { readonly type: 'json_schema'; readonly json_schema: unknown }
  | { readonly type: 'regex'; readonly pattern: string }
  | { readonly type: 'grammar'; readonly grammar: string }
  | { readonly type: 'sequence'; readonly elements: readonly TagContent[] }
  | { readonly type: 'or'; readonly elements: readonly TagContent[] }
  | ({ readonly type: 'tag' } & Tag)
  | {
      readonly type: 'triggered_tags';
      readonly triggers: readonly string[];
      readonly tags: readonly TagContent[];
      readonly at_least_one: boolean;
      readonly stop_after_first: boolean;
    }
  | {
      readonly type: 'tags_with_separator';
      readonly tags: readonly TagContent[];
      readonly separator: string;
      readonly at_least_one: boolean;
      readonly stop_after_first: boolean;
    };

/** Of a tool that says nothing of its arguments: none. */
export const NO_ARGUMENTS = { type: 'object', properties: {} } as const;

/** The arguments of a tool, as JSON that is valid under its schema. */
export function jsonArguments({ parameters }: ToolDefinition): TagContent {
  return { type: 'json_schema', json_schema: closed(parameters ?? NO_ARGUMENTS) };
}

/** Arguments that a schema does not name are no arguments, unless it speaks of them. */
function closed(schema: Readonly<Record<string, unknown>>): object {
  const isOpen = ['additionalProperties', 'patternProperties', 'anyOf', 'oneOf', 'allOf', '$ref'].some(
    (key) => key in schema,
  );
  return isOpen ? schema : { type: 'object', ...schema, additionalProperties: false };
}

/** The empty text. */
export const NOTHING = { type: 'grammar', grammar: 'root ::= ""' } as const;

export function either(elements: readonly TagContent[]): TagContent {
  const [only, ...others] = elements;
  return only !== undefined && others.length === 0 ? only : { type: 'or', elements };
}

export function sequence(elements: readonly TagContent[]): TagContent {
  const [only, ...others] = elements;
  return only !== undefined && others.length === 0 ? only : { type: 'sequence', elements };
}
