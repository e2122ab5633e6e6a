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
  | { readonly type: 'qwen_xml_parameter'; readonly json_schema: unknown }
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
  return { type: 'json_schema', json_schema: parameters ?? NO_ARGUMENTS };
}
