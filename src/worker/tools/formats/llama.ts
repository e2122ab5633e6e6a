/** `{"name": …, "parameters": …}` as the whole answer, or behind `<|python_tag|>`: Llama 3. */
import { jsonCalls } from '../json-calls.ts';

export const llama = jsonCalls({
  name: 'llama',
  matches: (template) => /\{\\?"name\\?": function name, \\?"parameters\\?"/.test(template),
  open: '',
  alsoOpens: ['<|python_tag|>'],
  close: '',
  isList: false,
  keys: { name: 'name', arguments: 'parameters' },
});
