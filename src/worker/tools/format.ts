/**
 * What a way of writing tool calls is: how it is recognised, read, written and constrained. Knows none in particular, and no tokens.
 */
import type { ToolDefinition } from '../api.ts';
import type { Reader, Reading } from './reader.ts';
import type { Tag } from './tag-content.ts';

/** Is told the calls of an answer as they are read. */
export interface CallSink {
  /** A call begins. */
  call(name: string): void;
  /** A piece of its arguments' JSON. */
  arguments(piece: string): void;
  /** The call is whole. */
  end(): void;
  /** Something that is no call, among the calls. */
  text(piece: string): void;
}

/** The tools of a request. */
export interface ToolSet {
  has(name: string): boolean;
  /** The JSON schema of an argument, where the tool says it. */
  schemaOf(name: string, argument: string): unknown;
}

export interface CallContext {
  readonly tools: ToolSet;
  /** The one of `opens` that was read, or `opensAnswer`, which was not. */
  readonly open: string;
}

/** A call as a conversation has it. */
export interface WrittenCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** How calls stand in an answer, for a constraint. */
export interface CallTags {
  /** Around all calls, where something is; `separator` stands between two. */
  readonly frame?: { readonly begin: string; readonly separator?: string; readonly end: string };
  /** What stands between two calls without a frame. */
  readonly separator?: string;
  /** Around what the model thinks, where that is not `<think>`. */
  readonly thought?: { readonly begin: string; readonly end: string };
  /** The beginnings at which text ends and a call must follow. Default: all that a call begins with, up to its arguments. */
  readonly triggers?: readonly string[];
  /** Texts around the arguments of a tool's call, and what these are. */
  readonly tagOf: (tool: ToolDefinition) => Tag;
}

export interface ToolFormat {
  readonly name: string;
  /** Whether a template asks for calls of this form. Formats are asked in turn. */
  readonly matches: (template: string) => boolean;
  /** Texts behind which calls come, wherever they stand outside of thoughts. */
  readonly opens: readonly string[];
  /** Text with which an answer begins that is a call of one of the tools, or none. */
  readonly opensAnswer?: string;
  /** Texts of the format which are control tokens of some models: they are shown while calls are looked for. */
  readonly marks: readonly string[];
  /** Text behind which the model waits for results, where that is no end of a generation in every file. */
  readonly stop?: readonly string[];
  /** The format tells thoughts apart by itself. */
  readonly hasChannels?: boolean;
  /** Reads calls, until they end. @throws Malformed */
  readonly read: (reader: Reader, sink: CallSink, context: CallContext) => Reading<void>;
  /** Calls as the model writes them: for templates that leave them out. */
  readonly write: (calls: readonly WrittenCall[]) => string;
  readonly tags: CallTags;
}
