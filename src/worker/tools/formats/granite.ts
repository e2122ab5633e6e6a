/** `<|tool_call|>[{"name": …, "arguments": …}]`: Granite 3. */
import { jsonCalls } from '../json-calls.ts';

export const granite = jsonCalls({
  name: 'granite',
  matches: (template) => template.includes('<|tool_call|>') && template.includes('<|start_of_role|>'),
  open: '<|tool_call|>',
  alsoOpens: ['<tool_call>'],
  close: '',
  isList: true,
  keys: { name: 'name', arguments: 'arguments' },
});
