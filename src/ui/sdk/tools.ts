/**
 * The tools of a chat request in OpenAI's words, as the engine has them, and calls of them in OpenAI's shapes. Reads no answers: the
 * engine tells calls from text.
 */
import type { LoadedModel, ToolCall, ToolChoice, ToolDefinition, ToolUse } from '../../worker/api.ts';
import type { ChatCompletionCreateParams, ChatCompletionToolCall, ToolCallDelta } from './openai-types.ts';
import { isGiven } from './parameters.ts';
import { invalid, missing, unsupported } from './request-error.ts';
import type { SampleEvent } from './samples.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Undefined where there are none. @throws RequestError; also where the model takes no tools */
export function toolUseOf(
  { tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatCompletionCreateParams,
  { toolFormat }: LoadedModel,
): ToolUse | undefined {
  if (isGiven(parallel) && typeof parallel !== 'boolean')
    throw invalid('parallel_tool_calls', parallel, 'true or false');
  const given: unknown = tools ?? [];
  if (!Array.isArray(given)) throw invalid('tools', given, 'a list of tools');
  const definitions = given.map((tool: unknown, index) => toolOf(tool, `tools[${String(index)}]`));
  const chosen = choiceOf(choice, definitions);
  if (definitions.length === 0) return undefined;
  if (toolFormat === undefined && chosen !== 'none')
    throw unsupported('tools', 'the chat template of this model has no place for them, or its calls are not known');
  return {
    tools: definitions,
    ...(chosen === undefined ? {} : { choice: chosen }),
    ...(isGiven(parallel) ? { parallel } : {}),
  };
}

function toolOf(tool: unknown, at: string): ToolDefinition {
  const { type, function: described } = (tool ?? {}) as Fields;
  if (type !== 'function') throw unsupported(`${at}.type`, 'tools are functions');
  const { name, description, parameters, strict, ...others } = (described ?? {}) as Fields;
  for (const [other, value] of Object.entries(others)) if (isGiven(value)) throw unsupported(`${at}.function.${other}`);
  if (!isGiven(name)) throw missing(`${at}.function.name`);
  if (typeof name !== 'string') throw invalid(`${at}.function.name`, name, 'a text');
  if (isGiven(description) && typeof description !== 'string')
    throw invalid(`${at}.function.description`, description, 'a text');
  if (isGiven(parameters) && (typeof parameters !== 'object' || Array.isArray(parameters)))
    throw invalid(`${at}.function.parameters`, parameters, 'a JSON schema of an object');
  if (isGiven(strict) && typeof strict !== 'boolean') throw invalid(`${at}.function.strict`, strict, 'true or false');
  return {
    name,
    ...(strict === true ? { strict } : {}),
    ...(isGiven(description) ? { description } : {}),
    ...(isGiven(parameters) ? { parameters: parameters as Fields } : {}),
  };
}

function choiceOf(choice: unknown, tools: readonly ToolDefinition[]): ToolChoice | undefined {
  if (!isGiven(choice)) return undefined;
  const wanted = 'none, auto, required or one of the tools: {type: "function", function: {name}}';
  if (choice === 'none' || choice === 'auto') return choice;
  if (choice === 'required' && tools.length > 0) return choice;
  const { type, function: called } = choice as Fields;
  const name = type === 'function' && isGiven(called) ? (called as Fields)['name'] : undefined;
  if (typeof name === 'string' && tools.some((tool) => tool.name === name)) return { name };
  throw invalid('tool_choice', choice, wanted);
}

export function toolCallsOf(calls: readonly ToolCall[]): ChatCompletionToolCall[] {
  return calls.map(({ id, name, arguments: json }) => ({ id, type: 'function', function: { name, arguments: json } }));
}

export function toolCallDelta(event: SampleEvent & { readonly kind: 'toolCall' | 'toolArguments' }): ToolCallDelta {
  return event.kind === 'toolCall'
    ? { index: event.call, id: event.id, type: 'function', function: { name: event.name, arguments: '' } }
    : { index: event.call, function: { arguments: event.text } };
}
