/**
 * From a request's input to prompt tokens: renders the chat, keeps the ids of a conversation's earlier turns so that
 * their cache can be used again, and leaves out the oldest turns when the policy says so. Knows no GPU, no scheduler.
 */
import type { ChatMessage, GenerateRequest, ToolUse } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { continueRendering, encodePrompt, type RenderedIds } from '../text/conversation.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { templateFor, type TextModel } from './text-model.ts';
import { promptTools, usedTools, type PromptTools } from './tool-use.ts';

export interface Prompt {
  readonly ids: readonly TokenId[];
  /** What the ids stand for; undefined for a prompt given as ids. */
  readonly text: string | undefined;
  /** Indices of messages that were left out. */
  readonly droppedMessages: readonly number[];
  readonly numDroppedTurns: number;
  /** Stop texts of the template's layout. */
  readonly stop: readonly string[];
  readonly notes: readonly string[];
  /** The tools that it tells of, where the model may call some. */
  readonly tools?: PromptTools;
  /** Ids at the end that are an answer, which goes on. Default: none. */
  readonly numAnswered?: number;
}

/** What a prompt needs of an answer to go on with it. */
export interface Answered {
  readonly tokens: readonly TokenId[];
  readonly numPromptTokens: number;
  readonly text: string | undefined;
  readonly numDroppedTurns: number;
  readonly stop: readonly string[];
  readonly isPlain: boolean;
}

export interface PromptOptions {
  /** Most tokens the prompt may have. */
  readonly maxTokens: number;
  /** What this conversation's cache stands for. */
  readonly previous: RenderedIds | undefined;
  readonly now: Date;
  /** Turns that were left out before: they stay so while some must be, and the rest of the prompt stays the same. */
  readonly numDroppedTurns: number;
}

/** Once turns must be left out, so many are that the prompt takes this part of its room: not one more every turn. */
const FILL_AFTER_DROP = 0.75;

/** @throws InvalidRequest, TemplateFailed; ContextFull when it cannot be made to fit. */
export function makePrompt(request: GenerateRequest, model: TextModel, options: PromptOptions): Prompt {
  const { input } = request;
  switch (input.kind) {
    case 'tokens':
      return fitted(knownIds(input.ids, model.tokenizer.vocabSize), undefined, options);
    case 'text': {
      const rendered = encode(input.text, model, options.previous);
      return fitted(rendered.ids, rendered.text, options);
    }
    case 'chat':
      return chatPrompt(input.messages, usedTools(input.toolUse), request.overflow ?? 'stop', model, options);
    case 'continue':
      throw new LinnetError('Internal', 'What goes on has its prompt already.');
  }
}

/** All that was said, the last answer too. @throws InvalidRequest for an answer that the model itself has ended, or that is not plain */
export function continuedPrompt(request: GenerateRequest, answered: Answered, model: TextModel): Prompt {
  const { tokens, numPromptTokens, text, numDroppedTurns, stop, isPlain } = answered;
  if (!isPlain || request.grammar !== undefined)
    throw new LinnetError('InvalidRequest', 'An answer with tools or a grammar does not go on: ask for it anew.');
  const last = tokens.at(-1);
  const hasEnded = last !== undefined && model.tokenizer.isEndOfGeneration(last) && tokens.length > numPromptTokens;
  if (hasEnded && request.ignoreEos !== true) {
    throw new LinnetError('InvalidRequest', 'The model has ended its answer: send the next message, or ignoreEos.');
  }
  const numAnswered = tokens.length - numPromptTokens;
  return { ids: tokens, text, droppedMessages: [], numDroppedTurns, stop, notes: [], numAnswered };
}

function chatPrompt(
  messages: readonly ChatMessage[],
  toolUse: ToolUse | undefined,
  overflow: string,
  model: TextModel,
  options: PromptOptions,
): Prompt {
  if (messages.length === 0)
    throw new LinnetError('InvalidRequest', 'There are no messages; send at least one from the user.');
  const template = templateFor(model, messages, toolUse);
  const tools = toolUse?.tools ?? [];
  const turns = turnsOf(messages);
  const mostDropped = overflow === 'dropOldestTurns' ? Math.max(0, turns.length - 1) : 0;
  const render = (numDroppedTurns: number): Prompt => {
    const dropped = turns.slice(0, numDroppedTurns).flat();
    const kept = messages.filter((_, i) => !dropped.includes(i));
    const { text, note } = template.render(kept, { addGenerationPrompt: true, now: options.now, tools });
    const { ids } = encode(text, model, options.previous);
    const notes = note === undefined ? [] : [note];
    const prompt = { ids, text, droppedMessages: dropped, numDroppedTurns, stop: template.stop, notes };
    return toolUse === undefined ? prompt : { ...prompt, tools: promptTools(toolUse, template.tools, text) };
  };
  const fits = (prompt: Prompt, part: number) => prompt.ids.length <= options.maxTokens * part;
  let prompt = render(0);
  if (fits(prompt, 1)) return prompt;
  const before = Math.min(options.numDroppedTurns, mostDropped);
  if (before > 0) prompt = render(before);
  if (before > 0 && fits(prompt, 1)) return prompt;
  while (!fits(prompt, FILL_AFTER_DROP) && prompt.numDroppedTurns < mostDropped)
    prompt = render(prompt.numDroppedTurns + 1);
  checkFit(prompt.ids, options);
  return prompt;
}

/** Indices of the messages of each turn: what a user says and all that follows it. System messages are in none. */
function turnsOf(messages: readonly ChatMessage[]): readonly (readonly number[])[] {
  const turns: number[][] = [];
  messages.forEach((message, i) => {
    if (message.role === 'system') return;
    const current = turns.at(-1);
    if (current === undefined || message.role === 'user') turns.push([i]);
    else current.push(i);
  });
  return turns;
}

function encode(
  text: string,
  model: TextModel,
  previous: RenderedIds | undefined,
): { readonly ids: readonly TokenId[]; readonly text: string } {
  if (previous === undefined) return { ids: encodePrompt(model.tokenizer, text), text };
  return continueRendering(previous, text, model.tokenizer);
}

function fitted(ids: readonly TokenId[], text: string | undefined, options: PromptOptions): Prompt {
  if (ids.length === 0) throw new LinnetError('InvalidRequest', 'The prompt is empty; give some text or tokens.');
  checkFit(ids, options);
  return { ids, text, droppedMessages: [], numDroppedTurns: 0, stop: [], notes: [] };
}

function checkFit(ids: readonly TokenId[], { maxTokens }: PromptOptions): void {
  if (ids.length <= maxTokens) return;
  throw new LinnetError(
    'ContextFull',
    `The prompt has ${String(ids.length)} tokens, and the context has room for ${String(maxTokens)}. Shorten it, start a new conversation, or load the model with a longer context.`,
  );
}

/** What a caller wrote for token ids. @throws InvalidRequest for one that the model does not have */
export function knownIds(ids: readonly number[], vocabSize: number): readonly TokenId[] {
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) {
    throw new LinnetError(
      'InvalidRequest',
      `${String(bad)} is no token of this model; ids go from 0 to ${String(vocabSize - 1)}.`,
    );
  }
  return ids.map((id) => tokenId(id));
}

/** Control tokens that are part of the answer's text: what tells calls of tools from the rest. */
export function shownMarks({ tools }: Prompt, tokenizer: Pick<Tokenizer, 'specialId'>): ReadonlySet<TokenId> {
  const ids = (tools?.format.marks ?? []).map((mark) => tokenizer.specialId(mark));
  return new Set(ids.filter((id) => id !== undefined));
}
