/**
 * Messages to prompt text, by the model's own template or a default layout, and what to do when a template cannot be
 * read, fails, or does not take system messages. It knows no tokens but by asking whether one exists, and no clock.
 */
import type { ChatMessage, ToolDefinition } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { chooseLayout, foldSystem, layoutNamed, type ChatLayout } from './default-layouts.ts';
import { compileJinja, TemplateRaised, type JinjaTemplate } from './jinja.ts';
import { createTemplateTools, noTemplateTools, type TemplateTools } from './template-tools.ts';

export interface ChatTemplateSource {
  /** `tokenizer.chat_template` of the file. */
  readonly template: string | undefined;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  /** Whether a text is a special token of the model. */
  readonly hasToken: (text: string) => boolean;
}

export interface RenderOptions {
  /** End with the opening of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
  /** What the template is told when it asks for the date; keep it for a conversation, so that prefixes stay equal. */
  readonly now: Date;
  readonly tools?: readonly ToolDefinition[];
  /** Further variables some templates know, e.g. `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface RenderedChat {
  readonly text: string;
  /** Something a person should know about how the messages were laid out. */
  readonly note?: string;
}

export interface ChatTemplate {
  /** Whether the model's own template is used. */
  readonly isModels: boolean;
  /** False when there is neither a template nor chat tokens: the model goes on with a text, and was not made for chat. */
  readonly isForChat: boolean;
  /** Why it is not, when the file has one. */
  readonly note: string | undefined;
  /** Stop strings that end a turn where the model's end tokens do not. */
  readonly stop: readonly string[];
  readonly tools: TemplateTools;
  /** Throws TemplateFailed with the template's own message where it refuses the conversation. */
  render(messages: readonly ChatMessage[], options: RenderOptions): RenderedChat;
}

/** Texts that end a turn; a template may write one that is no token of the model, which then comes as plain text. */
const TURN_ENDS = ['<|im_end|>', '<|eot_id|>', '<|end|>', '<end_of_turn>'];
const GREETING = 'Hello';
const PROBE: readonly ChatMessage[] = [{ role: 'user', content: GREETING }];
const FOLDED =
  'The chat template of this model has no system messages; yours was put in front of the first user message.';

/**
 * A template that cannot even render one greeting, or leaves it out, is replaced by a default layout, and `note` says why.
 */
export function createChatTemplate(source: ChatTemplateSource): ChatTemplate {
  if (source.template === undefined || source.template.trim() === '') {
    return fromLayout(chooseLayout(source.hasToken), undefined);
  }
  const named = layoutNamed(source.template.trim());
  if (named !== undefined) return fromLayout(named, undefined);
  try {
    const template = fromJinja(compileJinja(source.template), source, source.template);
    const { text } = template.render(PROBE, { addGenerationPrompt: true, now: new Date(0) });
    if (!text.includes(GREETING)) throw new Error('it leaves out what is said');
    return template;
  } catch (error) {
    const layout = chooseLayout(source.hasToken);
    const note = `The chat template in the file cannot be used (${messageOf(error)}); the layout ${layout.name} is used instead.`;
    return fromLayout(layout, note);
  }
}

function fromLayout(layout: ChatLayout, note: string | undefined): ChatTemplate {
  return {
    isModels: false,
    isForChat: layout.isForChat,
    note,
    stop: layout.stop,
    tools: noTemplateTools(),
    render(messages, { addGenerationPrompt }) {
      noTemplateTools().shape(messages, []);
      return { text: layout.render(messages, addGenerationPrompt) };
    },
  };
}

function fromJinja(
  jinja: JinjaTemplate,
  { bosToken, eosToken, hasToken }: ChatTemplateSource,
  text: string,
): ChatTemplate {
  const tokens = { bos_token: bosToken ?? '', eos_token: eosToken ?? '' };
  const tools = createTemplateTools(text, (messages, variables) =>
    jinja.render({ ...tokens, ...variables, messages, add_generation_prompt: true }, new Date(0)),
  );
  const renderAll = (messages: readonly ChatMessage[], options: RenderOptions): string => {
    const shaped = tools.shape(messages, options.tools ?? []);
    const given = { ...tokens, ...options.variables, ...shaped.variables, messages: shaped.messages };
    return jinja.render({ ...given, add_generation_prompt: options.addGenerationPrompt }, options.now);
  };
  return {
    isModels: true,
    isForChat: true,
    note: undefined,
    tools,
    stop: TURN_ENDS.filter((end) => text.includes(end) && !hasToken(end)),
    render(messages, options) {
      try {
        const rendered = renderAll(messages, options);
        if (keepsSystem(messages, rendered)) return { text: rendered };
        return renderFolded(messages, options, renderAll) ?? { text: rendered };
      } catch (error) {
        const folded = error instanceof TemplateRaised ? renderFolded(messages, options, renderAll) : undefined;
        if (folded !== undefined) return folded;
        throw templateFailed(error);
      }
    },
  };
}

/** False when the template dropped the system message without a word. */
function keepsSystem([first]: readonly ChatMessage[], rendered: string): boolean {
  return first?.role !== 'system' || rendered.includes(first.content.trim());
}

/** The conversation without a system message of its own; undefined where that does not help. */
function renderFolded(
  messages: readonly ChatMessage[],
  options: RenderOptions,
  render: (messages: readonly ChatMessage[], options: RenderOptions) => string,
): RenderedChat | undefined {
  const folded = foldSystem(messages);
  if (folded === undefined) return undefined;
  try {
    const text = render(folded, options);
    return keepsSystem(messages, text) ? { text, note: FOLDED } : undefined;
  } catch {
    return undefined; // the system message was not what the template minds; its first error says what is
  }
}

function templateFailed(error: unknown): LinnetError {
  if (error instanceof LinnetError) return error;
  const message =
    error instanceof TemplateRaised
      ? `The model's chat template refuses this conversation: ${error.message}`
      : `The model's chat template failed on this conversation (${messageOf(error)}). Send plain text, or choose another model.`;
  return new LinnetError('TemplateFailed', message, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
