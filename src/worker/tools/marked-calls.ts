/**
 * Formats in which a call is a name between marks and JSON behind it. From one description follow how it is read, written and
 * constrained.
 */
import type { CallContext, CallSink, ToolFormat } from './format.ts';
import { jsonOf, readArguments } from './json-calls.ts';
import { Malformed, type Reader, type Reading } from './reader.ts';
import { jsonArguments } from './tag-content.ts';

export interface MarkedCalls {
  readonly name: string;
  readonly matches: (template: string) => boolean;
  /** Around all calls. */
  readonly frame?: { readonly begin: string; readonly separator?: string; readonly end: string };
  /** In front of the name, behind it, and behind the arguments. */
  readonly before: string;
  readonly between: string;
  readonly after: string;
  /** What may stand behind the name and says nothing, up to `between`. */
  readonly idMark?: string;
  /** Those of its texts that are control tokens of some models. */
  readonly marks: readonly string[];
}

const NAME = /[\w.:-]/;

export function markedCalls(description: MarkedCalls): ToolFormat {
  const { name, matches, frame, before, between, after, marks } = description;
  return {
    name,
    matches,
    opens: [frame?.begin ?? before],
    marks,
    read: (reader, sink, context) => readCalls(reader, sink, context, description),
    write: (calls) => {
      const written = calls.map((call) => before + call.name + between + jsonOf(call) + after);
      return (frame?.begin ?? '') + written.join(frame?.separator ?? '') + (frame?.end ?? '');
    },
    tags: {
      ...(frame === undefined ? {} : { frame }),
      triggers: [before],
      tagOf: (tool) => ({ begin: before + tool.name + between, content: jsonArguments(tool), end: after }),
    },
  };
}

function* readCalls(reader: Reader, sink: CallSink, _context: CallContext, description: MarkedCalls): Reading<void> {
  const { frame, before } = description;
  if (frame === undefined) {
    yield* readCall(reader, sink, description);
    return;
  }
  for (;;) {
    const from = reader.position;
    yield* reader.space();
    if ((yield* reader.accepts(frame.end)) || (yield* reader.peek()) === '') return;
    // Behind the first call something else may come, which is told as text.
    if (!(yield* reader.comes(before))) {
      reader.rewind(from);
      throw new Malformed(`${JSON.stringify(before)} was to come`);
    }
    reader.skip(before.length);
    yield* readCall(reader, sink, description);
  }
}

/** From the name on. */
function* readCall(reader: Reader, sink: CallSink, { between, after, idMark }: MarkedCalls): Reading<void> {
  yield* reader.space();
  const name = yield* reader.while(NAME);
  if (name === '') throw new Malformed('the name of a tool was to come');
  if (idMark !== undefined && (yield* reader.accepts(idMark))) yield* reader.while(NAME);
  yield* reader.space();
  yield* reader.expect(between.trim());
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
  const from = reader.position;
  yield* reader.space();
  if (after === '' || (!(yield* reader.accepts(after.trim())) && (yield* reader.peek()) !== '')) {
    reader.rewind(from);
    if (after !== '') throw new Malformed(`${JSON.stringify(after)} was to come`);
  }
  sink.end();
}
