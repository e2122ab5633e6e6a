/** The structural tag that keeps an answer to the tools of a request. Knows no format in particular, and no tokens. */
import type { ToolChoice, ToolDefinition, ToolUse } from '../api.ts';
import type { ToolFormat } from './format.ts';
import { either, NOTHING, sequence, type TagContent } from './tag-content.ts';

/** Those that may be called. */
export function allowedTools({ tools, choice }: ToolUse): readonly ToolDefinition[] {
  return typeof choice === 'object' ? tools.filter(({ name }) => name === choice.name) : tools;
}

/** How many calls an answer may have at most. */
export function mostCalls({ choice, parallel }: ToolUse): number {
  return parallel === false || typeof choice === 'object' ? 1 : Infinity;
}

export function mustCall(choice: ToolChoice | undefined): boolean {
  return choice === 'required' || typeof choice === 'object';
}

export interface TagOptions {
  /** The prompt ends within a thought, which comes first. */
  readonly isThinking: boolean;
  /** The model may think before it calls. */
  readonly mayThink: boolean;
}

const THOUGHT = { begin: '<think>', end: '</think>' } as const;
const SPACE = { type: 'regex', pattern: '[ \\n]{0,3}' } as const;

/**
 * The structural tag, as JSON: free text in which what begins as a call is one; where a call is a must, no text but a thought in front
 * of it.
 * @param answer What the text must be, where no tool is called; then there is one call at most.
 */
export function structuralTagOf(
  format: ToolFormat,
  use: ToolUse,
  { isThinking, mayThink }: TagOptions,
  answer?: TagContent,
): string {
  const isEither = answer !== undefined && !mustCall(use.choice);
  // The engine has no choice between what ends by itself and what could go on: one call.
  const one = () => callsOf(format, { ...use, choice: 'required', parallel: false });
  const calls = isEither ? either([one(), answer]) : callsOf(format, use);
  const { begin, end } = format.tags.thought ?? THOUGHT;
  if (!isThinking && !mayThink && format.tags.thought === undefined) return tagJson(calls);
  // In a thought no call begins.
  const thought = { type: 'tag', begin: isThinking ? '' : begin, content: { type: 'any_text' }, end } as const;
  return tagJson(sequence([isThinking ? thought : either([NOTHING, thought]), SPACE, calls]));
}

function tagJson(format: TagContent): string {
  return JSON.stringify({ type: 'structural_tag', format });
}

function callsOf({ tags }: ToolFormat, use: ToolUse): TagContent {
  const each = allowedTools(use).map((tool) => ({ type: 'tag', ...tags.tagOf(tool) }) as const);
  const must = mustCall(use.choice);
  const once = mostCalls(use) === 1;
  const { frame, separator } = tags;
  if (frame === undefined) {
    if (must) return atLeastOne(each, separator, once);
    return triggered(tags.triggers ?? beginsOf(each), each, { at_least_one: false, stop_after_first: once });
  }
  const inside = atLeastOne(each, frame.separator, once);
  const whole = { type: 'tag', begin: frame.begin, content: inside, end: frame.end } as const;
  return must ? whole : triggered([frame.begin], [whole], { at_least_one: false, stop_after_first: true });
}

/** Without a separator there may be text between two. */
function atLeastOne(tags: readonly TagOf[], separator: string | undefined, once: boolean): TagContent {
  if (once) return either(tags);
  if (separator === undefined) return triggered(beginsOf(tags), tags, { at_least_one: true, stop_after_first: false });
  return { type: 'tags_with_separator', tags, separator, at_least_one: true, stop_after_first: false };
}

type TagOf = Extract<TagContent, { readonly type: 'tag' }>;

function beginsOf(tags: readonly TagOf[]): readonly string[] {
  return tags.map(({ begin }) => begin);
}

function triggered(
  triggers: readonly string[],
  tags: readonly TagContent[],
  options: { readonly at_least_one: boolean; readonly stop_after_first: boolean },
): TagContent {
  return { type: 'triggered_tags', triggers, tags, ...options };
}
