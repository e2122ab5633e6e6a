/** A whole answer through the parser, cut as a test likes. */
import type { ToolUse } from '../../api.ts';
import type { ToolFormat } from '../format.ts';
import { ToolParser, type ParsedEvent, type ToolParserOptions } from '../tool-parser.ts';

export interface Parsed {
  readonly text: string;
  /** Told in pieces, by the index of their call. */
  readonly told: readonly { readonly name: string; readonly arguments: string }[];
  /** Those that are whole. */
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  readonly notes: readonly string[];
  readonly isDone: boolean;
}

export function parse(
  format: ToolFormat,
  use: ToolUse,
  pieces: readonly string[],
  options: Partial<ToolParserOptions> = {},
): Parsed {
  let numIds = 0;
  const parser = new ToolParser(format, use, { isThinking: false, newId: () => String(numIds++), ...options });
  const events: ParsedEvent[] = [];
  for (const piece of pieces) {
    if (parser.isDone) break;
    events.push(...parser.push(piece));
  }
  if (!parser.isDone) events.push(...parser.end());
  const told: { name: string; arguments: string }[] = [];
  let text = '';
  const notes: string[] = [];
  for (const event of events) {
    if (event.kind === 'text') text += event.text;
    if (event.kind === 'note') notes.push(event.text);
    if (event.kind === 'toolCall') told[event.index] = { name: event.name, arguments: '' };
    const call = event.kind === 'toolArguments' ? told[event.index] : undefined;
    if (call !== undefined && event.kind === 'toolArguments') call.arguments += event.text;
  }
  const calls = parser.calls.map(({ name, arguments: json }) => ({ name, arguments: json }));
  return { text, told, calls, notes, isDone: parser.isDone };
}

/** Numbers below 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts between characters, anywhere. */
export function cut(text: string, random: () => number, longest = 6): readonly string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length;) {
    const length = 1 + Math.floor(random() * longest);
    pieces.push(characters.slice(at, at + length).join(''));
    at += length;
  }
  return pieces;
}
