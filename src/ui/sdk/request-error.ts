/**
 * What is wrong with a request, by the parameter that it is wrong with. Knows no parameter in particular.
 */
import { LinnetError } from '../errors.ts';

/** In what way a parameter is wrong. */
export type RequestErrorCode =
  /** The engine has no such thing, or not this value of it. */
  | 'unsupported_parameter'
  /** There is such a parameter, and it cannot have this value. */
  | 'invalid_value'
  | 'missing_parameter';

/** A parameter is to blame. Thrown before anything is computed. `name` is `InvalidRequest`. */
export class RequestError extends LinnetError {
  /** Where in the request, e.g. `messages[0].content`. */
  readonly param: string;
  /** In what way. */
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, param: string, message: string) {
    super('InvalidRequest', message);
    this.code = code;
    this.param = param;
  }
}

export function unsupported(param: string, detail = 'this engine does not have it'): RequestError {
  return new RequestError('unsupported_parameter', param, `${param} is not supported: ${detail}. Leave it out.`);
}

export function invalid(param: string, value: unknown, wanted: string): RequestError {
  return new RequestError('invalid_value', param, `${param} is ${describe(value)}; it must be ${wanted}.`);
}

export function missing(param: string): RequestError {
  return new RequestError('missing_parameter', param, `${param} is missing; a request needs it.`);
}

function describe(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text.slice(0, 80) : String(value);
}
