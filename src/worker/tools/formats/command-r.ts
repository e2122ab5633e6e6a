/** `<|START_ACTION|>[{"tool_call_id": …, "tool_name": …, "parameters": …}]<|END_ACTION|>`: Command R7B and later. */
import { jsonCalls } from '../json-calls.ts';

export const commandR = jsonCalls({
  name: 'command-r',
  matches: (template) => template.includes('<|START_ACTION|>') && template.includes('tool_name'),
  open: '<|START_ACTION|>',
  close: '<|END_ACTION|>',
  isList: true,
  keys: { name: 'tool_name', arguments: 'parameters' },
});
