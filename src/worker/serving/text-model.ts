/**
 * The text side of a loaded model: its tokenizer, chat template and recommended sampling, made from the file's metadata.
 * Knows no GPU and no requests.
 */
import type { ChatMessage, RecommendedSampling, ToolUse } from '../api.ts';
import type { GgufMetadata } from '../loading/gguf-metadata.ts';
import { recommendedSampling } from '../sampling/recommended.ts';
import { createChatTemplate, type ChatTemplate } from '../text/chat-template.ts';
import { createTokenizer, type Tokenizer } from '../text/tokenizer.ts';

export interface TextModel {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** For conversations with tools. Some files have two templates. */
  readonly toolTemplate: ChatTemplate;
  readonly recommendedSampling: RecommendedSampling;
  /** Something a person should know about how this model is talked to. */
  readonly note: string | undefined;
}

const NOT_FOR_CHAT = 'This model was not made for chat: it goes on with the text it is given.';

/** @throws UnsupportedTokenizer, GgufInvalid */
export function createTextModel(metadata: GgufMetadata): TextModel {
  const tokenizer = createTokenizer(metadata);
  const textOf = (id: number | undefined) =>
    id === undefined ? undefined : metadata.strings('tokenizer.ggml.tokens')?.[id];
  const templateOf = (key: string) =>
    createChatTemplate({
      template: metadata.string(key),
      bosToken: textOf(tokenizer.bosId),
      eosToken: textOf(tokenizer.eosId),
      hasToken: (text) => tokenizer.specialId(text) !== undefined,
    });
  const template = templateOf('tokenizer.chat_template');
  const other = template.tools.format === undefined ? templateOf('tokenizer.chat_template.tool_use') : undefined;
  return {
    tokenizer,
    template,
    toolTemplate: other?.tools.format === undefined ? template : other,
    recommendedSampling: recommendedSampling(metadata),
    note: template.isForChat ? template.note : NOT_FOR_CHAT,
  };
}

/** The template for a conversation, and for the tools that it is given. */
export function templateFor(
  { template, toolTemplate }: TextModel,
  messages: readonly ChatMessage[],
  toolUse: ToolUse | undefined,
): ChatTemplate {
  const hasCalls = messages.some(({ role, toolCalls = [] }) => role === 'tool' || toolCalls.length > 0);
  return toolUse !== undefined || hasCalls ? toolTemplate : template;
}
