/** `<｜tool▁calls▁begin｜>…`: DeepSeek's models, with JSON in a block of code (V3, R1) or behind the name (V3.1). */
import { markedCalls } from '../marked-calls.ts';

const FRAME = { begin: '<｜tool▁calls▁begin｜>', end: '<｜tool▁calls▁end｜>' };
const [BEGIN, SEPARATOR, END] = ['<｜tool▁call▁begin｜>', '<｜tool▁sep｜>', '<｜tool▁call▁end｜>'];
const MARKS = [FRAME.begin, FRAME.end, BEGIN, SEPARATOR, END];

export const deepseekCode = markedCalls({
  name: 'deepseek',
  matches: (template) => template.includes(BEGIN) && template.includes('```json'),
  frame: { ...FRAME, separator: '\n' },
  before: `${BEGIN}function${SEPARATOR}`,
  between: '\n```json\n',
  after: `\n\`\`\`${END}`,
  marks: MARKS,
});

export const deepseek = markedCalls({
  name: 'deepseek-3.1',
  matches: (template) => template.includes(BEGIN),
  frame: FRAME,
  before: BEGIN,
  between: SEPARATOR,
  after: END,
  marks: MARKS,
});
