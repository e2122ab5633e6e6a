/**
 * The tools of a request: checked, and what a generation needs of them to tell calls from text. Knows no tokens and no GPU.
 */
import type { ToolUse } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { TemplateTools } from '../text/template-tools.ts';
import type { ToolFormat } from '../tools/format.ts';
import type { TagOptions } from '../tools/structural-tag.ts';
import { ToolParser } from '../tools/tool-parser.ts';

export interface PromptTools extends TagOptions {
  readonly format: ToolFormat;
  readonly use: ToolUse;
}

const NAME = /^[\w.-]{1,64}$/;

/** Undefined where the model is told of no tools. @throws InvalidRequest */
export function usedTools(use: ToolUse | undefined): ToolUse | undefined {
  if (use === undefined) return undefined;
  const { tools, choice = 'auto' } = use;
  const names = tools.map(({ name }) => name);
  const wrong = names.find((name, i) => !NAME.test(name) || names.indexOf(name) !== i);
  if (wrong !== undefined)
    throw invalid(
      `The tool ${JSON.stringify(wrong)} is named twice, or its name is not 1 to 64 letters, digits, underscores, dots and dashes.`,
    );
  if (typeof choice === 'object' && !names.includes(choice.name))
    throw invalid(`The tool ${JSON.stringify(choice.name)}, which must be called, is none of the request's tools.`);
  if (choice === 'required' && tools.length === 0) throw invalid('A tool must be called, and there is none.');
  return tools.length === 0 || choice === 'none' ? undefined : use;
}

/** @throws InvalidRequest where the model takes no tools */
export function promptTools(
  use: ToolUse,
  { format, refusal, mayThink, takesSeveralCalls }: TemplateTools,
  prompt: string,
): PromptTools {
  if (format === undefined)
    throw invalid(`This model cannot be given tools: ${refusal}. Leave them out, or load another.`);
  return {
    format,
    use: takesSeveralCalls ? use : { ...use, parallel: false },
    mayThink,
    isThinking: /<think>\s*$/.test(prompt),
  };
}

export function toolParserFor(tools: PromptTools | undefined, randomU32: () => number): ToolParser | undefined {
  if (tools === undefined) return undefined;
  const { format, use, isThinking } = tools;
  return new ToolParser(format, use, { isThinking, newId: () => newCallId(randomU32) });
}

/** Nine letters and digits: some templates take no other. */
function newCallId(randomU32: () => number): string {
  const digits = () => randomU32().toString(36).padStart(7, '0');
  return (digits() + digits()).slice(-9);
}

function invalid(message: string): LinnetError {
  return new LinnetError('InvalidRequest', message);
}
