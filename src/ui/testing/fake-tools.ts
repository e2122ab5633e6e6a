/** How the scripted engine tells calls of tools from text: by the parser of the engine itself. */
import type { GenerateRequest, GenerationEvent } from '../../worker/api.ts';
import { FORMATS } from '../../worker/tools/formats/index.ts';
import { ToolParser, type ParsedEvent } from '../../worker/tools/tool-parser.ts';

export function parserFor({ input }: GenerateRequest, toolFormat: string | undefined): ToolParser | undefined {
  const use = input.kind === 'chat' ? input.toolUse : undefined;
  const format = FORMATS.find(({ name }) => name === toolFormat);
  if (use === undefined || use.choice === 'none' || format === undefined) return undefined;
  let numIds = 0;
  return new ToolParser(format, use, { isThinking: false, newId: () => `call${String(++numIds).padStart(5, '0')}` });
}

export function eventOf(event: ParsedEvent): GenerationEvent {
  return event.kind === 'text' ? { kind: 'delta', text: event.text } : event;
}
