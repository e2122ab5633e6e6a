/** `<|tool_call|>[{"name": …, "arguments": …}]<|/tool_call|>`: Phi 4 mini, which writes `functools[…]` too. */
import { jsonCalls } from '../json-calls.ts';

export const phi = jsonCalls({
  name: 'phi',
  matches: (template) => template.includes('<|tool|>') && template.includes('<|/tool|>'),
  open: '<|tool_call|>',
  alsoOpens: ['functools'],
  close: '<|/tool_call|>',
  isList: true,
  keys: { name: 'name', arguments: 'arguments' },
});
