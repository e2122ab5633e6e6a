/**
 * What an answer is made of: what the model says, what it thinks before, and the tools it wants to call, by the marks that models put
 * into their text. Pure; it knows no model by name. What is not marked in a known way is said.
 */

export type AnswerPart =
  | { readonly kind: 'said'; readonly text: string }
  /** `isOpen`: the thought has not ended (yet). */
  | { readonly kind: 'thought'; readonly text: string; readonly isOpen: boolean }
  /** `input` is JSON as the model wrote it, indented where it is whole. */
  | { readonly kind: 'toolCall'; readonly name: string; readonly input: string };

/** The parts in their order; none of them empty but an open thought. */
export function answerParts(text: string): readonly AnswerPart[] {
  const parts = parseChannels(text) ?? parseThought(text);
  return parts.flatMap((part) => (part.kind === 'said' ? parseToolCalls(part.text) : [part]));
}

/** What is said, without thoughts and tool calls: for the clipboard and for people who listen. */
export function saidText(text: string): string {
  return answerParts(text)
    .flatMap((part) => (part.kind === 'said' ? [part.text] : []))
    .join('\n\n');
}

/**
 * A thought between `<think>` and `</think>` at the beginning. Some templates put the first mark into the prompt, so the second
 * alone ends one too, unless it stands in code.
 */
function parseThought(text: string): readonly AnswerPart[] {
  const begin = /^\s*<think>/.exec(text);
  const end = text.indexOf('</think>');
  if (end < 0) {
    return begin === null ? said(text) : [{ kind: 'thought', text: text.slice(begin[0].length).trim(), isOpen: true }];
  }
  if (begin === null && text.slice(0, end).includes('`')) return said(text);
  const thought = text.slice(begin?.[0].length ?? 0, end).trim();
  const rest = said(text.slice(end + '</think>'.length));
  return thought === '' ? rest : [{ kind: 'thought', text: thought, isOpen: false }, ...rest];
}

const CHANNEL = /(?:<\|start\|>assistant)?<\|channel\|>(\w+)([^<]*)(?:<\|constrain\|>\w+)?<\|message\|>/g;
/** The same where the marks, which are control tokens, are not shown. */
const BARE_CHANNEL = /(?:^|assistant)(analysis|commentary|final)( to=functions\.[\w.-]+)?(?: ?json)?(?=\S)/g;
const END = /<\|(?:end|call|return)\|>\s*$/;

/** The channels of the harmony format: `analysis` is thought, `commentary` to a function is a call of it, and the rest is said. */
function parseChannels(text: string): readonly AnswerPart[] | undefined {
  const isMarked = /^\s*(<\|start\|>assistant)?<\|channel\|>/.test(text);
  const isBare = /^(analysis(?=[A-Z"'])|commentary to=functions\.)/.test(text);
  if (!isMarked && !isBare) return undefined;
  const heads = [...text.matchAll(isMarked ? CHANNEL : BARE_CHANNEL)];
  return heads.flatMap((head, index): readonly AnswerPart[] => {
    const [whole, channel = '', target = ''] = head;
    const next = heads[index + 1]?.index;
    const body = text
      .slice(head.index + whole.length, next)
      .replace(END, '')
      .trim();
    const called = /to=functions\.([\w.-]+)/.exec(target)?.[1];
    if (called !== undefined) return [{ kind: 'toolCall', name: called, input: indented(body) }];
    if (channel === 'analysis') return [{ kind: 'thought', text: body, isOpen: next === undefined }];
    return said(body);
  });
}

const TOOL_CALL = /<tool_call>\s*(.*?)\s*(?:<\/tool_call>|$)/gs;

/** `<tool_call>{"name": …, "arguments": …}</tool_call>` anywhere in what is said, and `[TOOL_CALLS][…]` at its beginning. */
function parseToolCalls(text: string): readonly AnswerPart[] {
  const list = /^\s*\[TOOL_CALLS\]\s*(\[.*)$/s.exec(text)?.[1];
  if (list !== undefined) {
    const calls = parseJson(list);
    return Array.isArray(calls) ? calls.map((call: unknown) => toolCall(call, '')) : [toolCall(undefined, list)];
  }
  const parts: AnswerPart[] = [];
  let at = 0;
  for (const call of text.matchAll(TOOL_CALL)) {
    parts.push(...said(text.slice(at, call.index)), toolCall(parseJson(call[1] ?? ''), call[1] ?? ''));
    at = call.index + call[0].length;
  }
  return [...parts, ...said(text.slice(at))];
}

/** `written` is shown where the call is not whole. */
function toolCall(call: unknown, written: string): AnswerPart {
  if (typeof call !== 'object' || call === null) return { kind: 'toolCall', name: '', input: written };
  const name = 'name' in call && typeof call.name === 'string' ? call.name : '';
  const input = 'arguments' in call ? call.arguments : 'parameters' in call ? call.parameters : {};
  return { kind: 'toolCall', name, input: JSON.stringify(input, null, 2) };
}

function said(text: string): readonly AnswerPart[] {
  const trimmed = text.trim();
  return trimmed === '' ? [] : [{ kind: 'said', text: trimmed }];
}

function indented(json: string): string {
  const value = parseJson(json);
  return value === undefined ? json : JSON.stringify(value, null, 2);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
