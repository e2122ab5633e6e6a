/** The structural tag that keeps an answer to the tools of a request. Knows no format in particular, and no tokens. */
import type { ToolChoice, ToolDefinition, ToolUse } from '../api.ts';
import type { ToolFormat } from './format.ts';
import type { TagContent } from './tag-content.ts';

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

/**
 * The structural tag, as JSON: free text in which what begins as a call is one; where a call is a must, nothing but calls.
 * @param isThinking The prompt ends within a thought, which comes first.
 */
export function structuralTagOf(format: ToolFormat, use: ToolUse, isThinking: boolean): string {
  const calls = callsOf(format, use);
  const thought = { type: 'tag', begin: '', content: { type: 'any_text' }, end: '</think>' } as const;
  const content = isThinking && mustCall(use.choice) ? { type: 'sequence', elements: [thought, SPACE, calls] } : calls;
  return JSON.stringify({ type: 'structural_tag', format: content });
}

const SPACE = { type: 'regex', pattern: '[ \\n]{0,3}' } as const;

function callsOf({ tags }: ToolFormat, use: ToolUse): TagContent {
  const each = allowedTools(use).map((tool) => ({ type: 'tag', ...tags.tagOf(tool) }) as const);
  const must = mustCall(use.choice);
  const once = mostCalls(use) === 1;
  const { frame } = tags;
  if (frame !== undefined) {
    const inside = separated(each, frame.separator, once);
    const whole = { type: 'tag', begin: frame.begin, content: inside, end: frame.end } as const;
    if (must) return whole;
    return triggered([frame.begin], [whole], { at_least_one: false, stop_after_first: true });
  }
  if (must) return separated(each, tags.separator ?? '', once || tags.separator === undefined);
  return triggered(tags.triggers ?? each.map(({ begin }) => begin), each, {
    at_least_one: false,
    stop_after_first: once,
  });
}

function separated(tags: readonly TagContent[], separator: string, once: boolean): TagContent {
  return { type: 'tags_with_separator', tags, separator, at_least_one: true, stop_after_first: once };
}

function triggered(
  triggers: readonly string[],
  tags: readonly TagContent[],
  options: { readonly at_least_one: boolean; readonly stop_after_first: boolean },
): TagContent {
  return { type: 'triggered_tags', triggers, tags, ...options };
}
