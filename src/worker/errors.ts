/**
 * The one error class of the worker. `name` is the code of the closed list in api.ts, and the only thing besides
 * `message` that survives the wire. It knows nothing of who throws it.
 */
import { CacheError } from '../cache/errors.ts';
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

export function deviceLostError(reason: string): LinnetError {
  return new LinnetError(
    'DeviceLost',
    `The browser lost the GPU (${reason}). Load the model again; it is still stored.`,
  );
}

/** What a device says outside of any call. */
export function uncapturedError(error: GPUError): LinnetError {
  const isMemory = error.constructor.name === 'GPUOutOfMemoryError';
  return isMemory
    ? new LinnetError('OutOfMemory', `The GPU ran out of memory (${error.message}). Choose a smaller model or context.`)
    : new LinnetError(
        'Internal',
        `The GPU refused a command (${error.message}). Load the model again, and please report this.`,
      );
}

/** The named guard at the edge: whatever was thrown, as an error of the closed list. */
export function toLinnetError(error: unknown): LinnetError {
  if (error instanceof LinnetError) return error;
  // What WebGPU's promises reject with when the device under them goes away.
  if (error instanceof DOMException && error.name === 'AbortError') return deviceLostError(error.message);
  if (error instanceof CacheError) return new LinnetError(error.name, error.message, { cause: error });
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new LinnetError('Internal', `Something went wrong inside the engine (${message}). Please report it.`, {
    cause: error,
  });
}
