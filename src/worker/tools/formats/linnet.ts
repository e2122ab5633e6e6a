/** `{"tool": …, "arguments": …}` as the whole answer: the built-in model. */
import { jsonCalls } from '../json-calls.ts';

export const linnet = jsonCalls({
  name: 'linnet',
  matches: (template) => template.includes('{"tool": name, "arguments": {...}}'),
  open: '',
  close: '',
  isList: false,
  keys: { name: 'tool', arguments: 'arguments' },
});
