/** `<|tools_prefix|>[{"name": {…}}]<|tools_suffix|>`: Apertus. */
import { jsonCalls } from '../json-calls.ts';

export const apertus = jsonCalls({
  name: 'apertus',
  matches: (template) => template.includes('<|tools_prefix|>') && template.includes('<|tools_suffix|>'),
  open: '<|tools_prefix|>',
  close: '<|tools_suffix|>',
  isList: true,
  keys: 'keyed',
});
