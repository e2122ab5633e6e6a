/**
 * The one error class of the worker. `name` is the code of the closed list in api.ts, and the only thing besides
 * `message` that survives the wire. It knows nothing of who throws it.
 */
import type { LinnetErrorName } from './api.ts';

export class LinnetError extends Error {
  override readonly name: LinnetErrorName;

  constructor(name: LinnetErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** The error of an aborted request, thrown by everything that takes an AbortSignal. */
export function abortedError(): LinnetError {
  return new LinnetError('Aborted', 'The request was aborted.');
}
