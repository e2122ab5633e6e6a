/** Our types against those of the `openai` package: what it takes of ours, and what we take of its. A wrong one does not compile. */
import type OpenAI from 'openai';
import { expectTypeOf, it } from 'vitest';
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  Completion,
  CompletionChunk,
  CompletionCreateParams,
  CreateEmbeddingResponse,
  EmbeddingCreateParams,
  ModelDescription,
} from './openai-types.ts';

type ChatParams = OpenAI.ChatCompletionCreateParams;
/** The roles and contents that there are here. */
type TextMessage =
  | (OpenAI.ChatCompletionSystemMessageParam & { name?: never })
  | (OpenAI.ChatCompletionDeveloperMessageParam & { name?: never })
  | { role: 'user'; content: string | OpenAI.ChatCompletionContentPartText[] }
  | { role: 'assistant'; content?: string | null; tool_calls?: OpenAI.ChatCompletionMessageFunctionToolCall[] }
  | OpenAI.ChatCompletionToolMessageParam;
/** Tools are functions. */
interface FunctionTools {
  messages: TextMessage[];
  tools?: OpenAI.ChatCompletionFunctionTool[];
  tool_choice?: Exclude<
    ChatParams['tool_choice'],
    OpenAI.ChatCompletionAllowedToolChoice | OpenAI.ChatCompletionNamedToolChoiceCustom | undefined
  >;
}
type Shared<Ours, Theirs> = Pick<Theirs, keyof Theirs & keyof Ours>;

it('has answers that OpenAI’s types describe', () => {
  expectTypeOf<ChatCompletion>().toExtend<OpenAI.ChatCompletion>();
  expectTypeOf<ChatCompletionChunk>().toExtend<OpenAI.ChatCompletionChunk>();
  expectTypeOf<Completion>().toExtend<OpenAI.Completion>();
  // OpenAI's types say that a piece of a completion always has a reason to finish; its servers send null.
  type Piece = Omit<CompletionChunk, 'choices' | 'usage'> & Pick<Completion, 'choices'>;
  expectTypeOf<Piece>().toExtend<OpenAI.Completion>();
  expectTypeOf<CreateEmbeddingResponse>().toExtend<OpenAI.CreateEmbeddingResponse>();
  expectTypeOf<ModelDescription>().toExtend<OpenAI.Model>();
});

it('takes requests of OpenAI’s types, of what there is here', () => {
  type Chat = Omit<Shared<ChatCompletionCreateParams, ChatParams>, keyof FunctionTools> & FunctionTools;
  expectTypeOf<Chat>().toExtend<ChatCompletionCreateParams>();
  expectTypeOf<OpenAI.ChatCompletionUserMessageParam>().not.toExtend<ChatCompletionCreateParams['messages'][number]>();
  type Plain = Omit<Shared<CompletionCreateParams, OpenAI.CompletionCreateParams>, 'prompt'> & {
    prompt: NonNullable<OpenAI.CompletionCreateParams['prompt']>;
  };
  expectTypeOf<Plain>().toExtend<CompletionCreateParams>();
  expectTypeOf<Shared<EmbeddingCreateParams, OpenAI.EmbeddingCreateParams>>().toExtend<EmbeddingCreateParams>();
});
