/**
 * The messages of a chat request in OpenAI's words, as the engine has them. What a message says is used or refused by name.
 */
import type { ChatMessage, ToolCall } from '../../worker/api.ts';
import { isGiven, isSame, textOf } from './parameters.ts';
import { invalid, missing, unsupported } from './request-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** @throws RequestError for messages that a template could not show as they are */
export function messagesOf(messages: unknown): readonly ChatMessage[] {
  if (messages === undefined || messages === null) throw missing('messages');
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', messages, 'a list of messages');
  const all = messages.map((message: unknown, index) => messageOf(message, `messages[${String(index)}]`));
  const calls = new Set<string>();
  for (const [index, { toolCalls = [], toolCallId }] of all.entries()) {
    for (const { id } of toolCalls) calls.add(id);
    if (toolCallId !== undefined && !calls.has(toolCallId))
      throw invalid(`messages[${String(index)}].tool_call_id`, toolCallId, 'the id of a call in a message before');
  }
  return all;
}

function messageOf(message: unknown, at: string): ChatMessage {
  if (typeof message !== 'object' || message === null) throw invalid(at, message, 'a message with role and content');
  const { role, content, ...others } = message as Fields;
  switch (role) {
    case 'system':
    case 'user':
      refuseOthers(others, at);
      return { role, content: textOf(content, `${at}.content`) };
    case 'developer':
      refuseOthers(others, at);
      return { role: 'system', content: textOf(content, `${at}.content`) };
    case 'assistant': {
      const { tool_calls: calls, ...rest } = others;
      refuseOthers(rest, at);
      const toolCalls = callsOf(calls, `${at}.tool_calls`);
      const said = toolCalls.length > 0 && !isGiven(content) ? '' : textOf(content, `${at}.content`);
      return { role, content: said, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
    }
    case 'tool': {
      const { tool_call_id: toolCallId, ...rest } = others;
      refuseOthers(rest, at);
      if (!isGiven(toolCallId)) throw missing(`${at}.tool_call_id`);
      if (typeof toolCallId !== 'string') throw invalid(`${at}.tool_call_id`, toolCallId, 'a text');
      return { role, content: textOf(content, `${at}.content`), toolCallId };
    }
    case 'function':
      throw unsupported(`${at}.role`, 'tools have taken the place of functions');
    default:
      throw invalid(`${at}.role`, role, 'system, developer, user, assistant or tool');
  }
}

function refuseOthers(others: Fields, at: string): void {
  for (const [name, value] of Object.entries(others))
    if (isGiven(value) && !isSame(value, [])) throw unsupported(`${at}.${name}`);
}

function callsOf(calls: unknown, at: string): readonly ToolCall[] {
  if (!isGiven(calls)) return [];
  if (!Array.isArray(calls)) throw invalid(at, calls, 'a list of calls');
  return calls.map((call: unknown, index) => callOf(call, `${at}[${String(index)}]`));
}

function callOf(call: unknown, at: string): ToolCall {
  const { id, type, function: called } = (call ?? {}) as Fields;
  if (type !== 'function') throw unsupported(`${at}.type`, 'tools are functions');
  const { name, arguments: json } = (called ?? {}) as Fields;
  if (typeof id !== 'string') throw invalid(`${at}.id`, id, 'a text');
  if (typeof name !== 'string') throw invalid(`${at}.function.name`, name, 'a text');
  if (typeof json !== 'string' || !isObject(json))
    throw invalid(`${at}.function.arguments`, json, 'the JSON of an object');
  return { id, name, arguments: json };
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
