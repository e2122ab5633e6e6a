/** `[TOOL_CALLS][{"name": …, "arguments": …}]`, and newer `[TOOL_CALLS]name[ARGS]{…}`: Mistral's models. */
import { jsonCalls } from '../json-calls.ts';
import { markedCalls } from '../marked-calls.ts';

const MARK = '[TOOL_CALLS]';

export const mistralList = jsonCalls({
  name: 'mistral',
  matches: (template) => template.includes(MARK),
  open: MARK,
  close: '',
  isList: true,
  keys: { name: 'name', arguments: 'arguments' },
});

export const mistralNamed = markedCalls({
  name: 'mistral-args',
  matches: (template) => template.includes(MARK) && template.includes('[ARGS]'),
  before: MARK,
  between: '[ARGS]',
  after: '',
  idMark: '[CALL_ID]',
  marks: [MARK, '[ARGS]', '[CALL_ID]'],
});
