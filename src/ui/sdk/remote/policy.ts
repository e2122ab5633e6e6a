/**
 * Where a request goes first, and where it goes when that failed: pure functions of the policy and of what is known. They know no
 * engine, no server and no clock.
 */
import type { LinnetError } from '../../errors.ts';
import type { LinnetErrorName } from '../../../worker/api.ts';
import { RemoteError } from './remote-error.ts';
import type { RouteReason, RoutingPolicy } from './route.ts';

/** Why a model is not for the device. */
export interface Unfit {
  readonly reason: RouteReason;
  readonly detail: string;
}

/** What is known of the model of a request, as far as the device is concerned. */
export interface DeviceFacts {
  readonly isLoaded: boolean;
  /** Found out when it was to be loaded. */
  readonly unfit: Unfit | undefined;
  /** The most that it did here; undefined before its first long answer. */
  readonly tokensPerSecond: number | undefined;
}

export interface Choice {
  readonly ranOn: 'device' | 'remote';
  readonly reason: RouteReason;
  readonly detail: string;
}

export function firstChoice(
  policy: RoutingPolicy,
  { isLoaded, unfit, tokensPerSecond }: DeviceFacts,
  minTokensPerSecond = 0,
): Choice {
  switch (policy) {
    case 'local':
      return { ranOn: 'device', reason: 'policy', detail: '' };
    case 'remoteFirst':
      return { ranOn: 'remote', reason: 'policy', detail: '' };
    case 'localFirst': {
      if (!isLoaded) {
        return { ranOn: 'remote', ...(unfit ?? { reason: 'modelNotLoaded', detail: 'The model is not loaded here.' }) };
      }
      if (tokensPerSecond !== undefined && tokensPerSecond < minTokensPerSecond)
        return {
          ranOn: 'remote',
          reason: 'deviceTooSlow',
          detail: tooSlow(tokensPerSecond, minTokensPerSecond, 'did'),
        };
      return { ranOn: 'device', reason: 'policy', detail: '' };
    }
  }
}

/** Errors of the device that a server may help with. Those that are about the request would fail there too. */
const HELPED: Partial<Record<LinnetErrorName, RouteReason>> = {
  NoWebGpu: 'noWebGpu',
  OutOfMemory: 'modelTooLarge',
  LimitExceeded: 'modelTooLarge',
  ShaderFailed: 'deviceFailed',
  DeviceLost: 'deviceFailed',
  UnsupportedArchitecture: 'modelUnsupported',
  UnsupportedTensorType: 'modelUnsupported',
  UnsupportedTokenizer: 'modelUnsupported',
  ContextFull: 'promptTooLong',
  ModelNotLoaded: 'modelNotLoaded',
};

/** What an error on the device makes of it, for a server; undefined where it would not help. */
export function unfitBy({ name, message }: LinnetError): Unfit | undefined {
  const reason = HELPED[name];
  return reason === undefined ? undefined : { reason, detail: message };
}

/** What an error of a server makes of it, for the device; undefined where the request, the key or the address is at fault. */
export function serverUnfitBy(error: unknown): Unfit | undefined {
  if (!(error instanceof RemoteError)) return undefined;
  switch (error.kind) {
    case 'unreachable':
    case 'timedOut':
      return { reason: 'serverUnreachable', detail: error.message };
    case 'failed':
    case 'brokenOff':
    case 'notUnderstood':
      return { reason: 'serverFailed', detail: error.message };
    case 'refused':
      return undefined;
  }
}

export function tooSlow(tokensPerSecond: number, wanted: number, verb: 'did' | 'can do'): string {
  return `The device ${verb} ${tokensPerSecond.toFixed(1)} tokens per second at most; ${String(wanted)} are wanted.`;
}
