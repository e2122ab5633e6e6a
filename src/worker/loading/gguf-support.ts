/**
 * Whether the runtime can use a file that is well-formed: asked after the header is read and before any weight is
 * fetched. What is supported is the caller's to say; this only finds what is not, and says so.
 */
import { LinnetError } from '../errors.ts';
import type { GgufFile } from './gguf-file.ts';
import { quoted } from './gguf-problem.ts';

export interface Supported {
  /** Names of ggml types, e.g. `Q4_K`. */
  readonly supportedTypes: ReadonlySet<string>;
  /** Values of `general.architecture`. */
  readonly supportedArchitectures: ReadonlySet<string>;
}

/**
 * Throws `UnsupportedArchitecture` or `UnsupportedTensorType`, with what is supported instead; `GgufInvalid` when the
 * file does not say its architecture.
 */
export function checkSupported(file: GgufFile, { supportedTypes, supportedArchitectures }: Supported): void {
  const architecture = file.metadata.requireString('general.architecture');
  if (!supportedArchitectures.has(architecture)) {
    throw new LinnetError(
      'UnsupportedArchitecture',
      `The model's architecture is ${quoted(architecture)} ("general.architecture"), which is not supported. ` +
        `Choose a model of one of these: ${list(supportedArchitectures)}.`,
    );
  }
  const refused = file.tensors.filter((tensor) => !supportedTypes.has(tensor.typeName));
  const first = refused[0];
  if (first === undefined) return;
  const others = refused.length === 1 ? '' : ` (and ${String(refused.length - 1)} more tensors)`;
  throw new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${quoted(first.name)}${others} has the type ${first.typeName}, which is not supported. ` +
      `Choose a file of this model with these types alone: ${list(supportedTypes)}.`,
  );
}

function list(names: ReadonlySet<string>): string {
  return [...names].sort().join(', ');
}
