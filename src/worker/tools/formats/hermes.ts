/** `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen 2.5 and 3, Granite 4, SmolLM and many more. */
import { jsonCalls } from '../json-calls.ts';

export const hermes = jsonCalls({
  name: 'hermes',
  matches: (template) => template.includes('<tool_call>') && /["']name\\?["']/.test(template),
  open: '<tool_call>',
  close: '</tool_call>',
  isList: false,
  padding: '\n',
  keys: { name: 'name', arguments: 'arguments' },
});
