/**
 * The errors of a bad GGUF file, all in one form: which field, at which byte, what is wrong, what to do.
 * It knows nothing of how the file is read.
 */
import { LinnetError } from '../errors.ts';

/** The field holds something no good file holds. `problem` completes "<field> at byte N ...". */
export function invalidField(field: string, offsetBytes: number, problem: string): LinnetError {
  return new LinnetError(
    'GgufInvalid',
    `${field} at byte ${String(offsetBytes)} ${problem}. The file is damaged or was written by a faulty tool: ` +
      'fetch it again, or take another file of this model.',
  );
}

/** The file ends before the field does. */
export function truncatedField(
  field: string,
  offsetBytes: number,
  neededBytes: number,
  fileSizeBytes: number,
): LinnetError {
  return new LinnetError(
    'GgufTruncated',
    `The file ends inside ${field}: ${String(neededBytes)} bytes are needed at byte ${String(offsetBytes)}, ` +
      `but the file has only ${String(fileSizeBytes)} bytes. Its download was probably cut short: fetch it again.`,
  );
}

/** A count out of the file in plain digits, however large. */
export function digits(count: number): string {
  return String(BigInt(count));
}

/** A name out of the file, fit for a message: quoted, escaped and not too long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
