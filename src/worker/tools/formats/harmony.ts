/**
 * `<|channel|>commentary to=functions.name <|constrain|>json<|message|>{…}<|call|>`: gpt-oss. An answer is a row of messages in channels:
 * `analysis` is a thought, and told between the marks that other models put around theirs; what has a recipient is a call; the rest is said.
 */
import type { CallContext, CallSink, ToolFormat, WrittenCall } from '../format.ts';
import { readArguments, jsonOf } from '../json-calls.ts';
import type { Reader, Reading } from '../reader.ts';
import { jsonArguments } from '../tag-content.ts';

const [START, CHANNEL, MESSAGE, CONSTRAIN, END, CALL] = [
  '<|start|>',
  '<|channel|>',
  '<|message|>',
  '<|constrain|>',
  '<|end|>',
  '<|call|>',
];
const RECIPIENT = /to=functions\.([\w.-]+)/;

export const harmony: ToolFormat = {
  name: 'harmony',
  matches: (template) => template.includes(CHANNEL) && template.includes('to=') && template.includes(MESSAGE),
  opens: [START, CHANNEL],
  // The prompt ends with the role; what is meant for somebody says so behind it.
  opensAnswer: ' to=',
  marks: [START, CHANNEL, MESSAGE, CONSTRAIN, END],
  hasChannels: true,
  read: readMessage,
  write: (calls) => calls.map(writeCall).join(`${START}assistant`),
  tags: {
    triggers: [`${CHANNEL}commentary to=`],
    tagOf: (tool) => ({
      begin: `${CHANNEL}commentary to=functions.${tool.name} ${CONSTRAIN}json${MESSAGE}`,
      content: jsonArguments(tool),
      // Behind it the answer is over: the model ends it by a token that is no text.
      end: '',
    }),
    thought: { begin: `${CHANNEL}analysis${MESSAGE}`, end: `${END}${START}assistant` },
  },
};

function* readMessage(reader: Reader, sink: CallSink, _context: CallContext): Reading<void> {
  const head = yield* reader.until(MESSAGE);
  const name = RECIPIENT.exec(head)?.[1];
  if (name !== undefined) {
    yield* reader.space();
    yield* readArguments(
      reader,
      () => {
        sink.call(name);
      },
      (piece) => {
        sink.arguments(piece);
      },
    );
    sink.end();
    yield* reader.accepts(END);
    return;
  }
  const isThought = /(^|\|>)\s*analysis/.test(head);
  if (isThought) sink.text('<think>');
  yield* reader.untilEnd(END, (piece) => {
    sink.text(piece);
  });
  if (isThought) sink.text('</think>\n');
}

function writeCall(call: WrittenCall): string {
  return `${CHANNEL}commentary to=functions.${call.name} ${CONSTRAIN}json${MESSAGE}${jsonOf(call)}${CALL}`;
}
