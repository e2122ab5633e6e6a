/** However a stream is cut, it has the same events. */
import { expect, it } from 'vitest';
import { EventParser } from './server-sent-events.ts';

const STREAM =
  '\ufeff: a comment\r\n\r\ndata: one\r\n\r\nevent: message\rid: 7\rdata:two\r\rdata: three\ndata:  and more\n\n' +
  ': keep alive\n\nretry: 5\n\ndata\n\nerror: {"code":500}\n\ndata: [DONE]\n\n';
const EVENTS = ['one', 'two', 'three\n and more', '', '{"code":500}', '[DONE]'];

function parse(pieces: readonly string[]): string[] {
  const parser = new EventParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

it('reads all kinds of line ends, comments and data in several lines', () => {
  expect(parse([STREAM])).toEqual(EVENTS);
});

it('reads the same in whatever pieces it comes', () => {
  for (let at = 0; at <= STREAM.length; at += 1) {
    expect(parse([STREAM.slice(0, at), STREAM.slice(at)])).toEqual(EVENTS);
  }
  expect(parse([...STREAM])).toEqual(EVENTS);
});

it('hands an event over as soon as its blank line is there', () => {
  const parser = new EventParser();
  expect(parser.push('data: one\r\n')).toEqual([]);
  expect(parser.push('\r')).toEqual(['one']);
  expect(parser.push('\ndata: two\n\n')).toEqual(['two']);
  expect(parser.end()).toEqual([]);
});

it('takes an event at the end that has no blank line', () => {
  expect(parse(['data: one\n\nda', 'ta: two'])).toEqual(['one', 'two']);
});
