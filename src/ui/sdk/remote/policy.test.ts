/** Where the policies send requests: the rules alone. */
import { describe, expect, it } from 'vitest';
import type { LinnetErrorName } from '../../../worker/api.ts';
import { LinnetError } from '../../errors.ts';
import { backoffMs, retryAfterOf } from './backoff.ts';
import { firstChoice, serverUnfitBy, unfitBy } from './policy.ts';
import { RemoteError, type RemoteErrorKind } from './remote-error.ts';

const LOADED = { isLoaded: true, unfit: undefined, tokensPerSecond: undefined };
const ABSENT = { ...LOADED, isLoaded: false };
const TOO_LARGE = { reason: 'modelTooLarge', detail: 'too large' } as const;

describe('the first choice', () => {
  it('is always the device with local', () => {
    for (const facts of [LOADED, ABSENT, { ...ABSENT, unfit: TOO_LARGE }, { ...LOADED, tokensPerSecond: 0.1 }])
      expect(firstChoice('local', facts, 5)).toMatchObject({ ranOn: 'device', reason: 'policy' });
  });

  it('is always the server with remoteFirst', () => {
    for (const facts of [LOADED, ABSENT]) expect(firstChoice('remoteFirst', facts).ranOn).toBe('remote');
  });

  it('is the device with localFirst, unless it cannot or is too slow', () => {
    expect(firstChoice('localFirst', LOADED)).toMatchObject({ ranOn: 'device', reason: 'policy' });
    expect(firstChoice('localFirst', ABSENT)).toMatchObject({ ranOn: 'remote', reason: 'modelNotLoaded' });
    expect(firstChoice('localFirst', { ...ABSENT, unfit: TOO_LARGE })).toEqual({ ranOn: 'remote', ...TOO_LARGE });
    const at5 = { ...LOADED, tokensPerSecond: 5 };
    expect(firstChoice('localFirst', at5).ranOn).toBe('device');
    expect(firstChoice('localFirst', at5, 5).ranOn).toBe('device');
    expect(firstChoice('localFirst', at5, 5.1)).toMatchObject({ ranOn: 'remote', reason: 'deviceTooSlow' });
  });
});

it.each<[name: LinnetErrorName, reason: string | undefined]>([
  ['NoWebGpu', 'noWebGpu'],
  ['OutOfMemory', 'modelTooLarge'],
  ['LimitExceeded', 'modelTooLarge'],
  ['ContextFull', 'promptTooLong'],
  ['DeviceLost', 'deviceFailed'],
  ['UnsupportedArchitecture', 'modelUnsupported'],
  ['InvalidRequest', undefined],
  ['Aborted', undefined],
  ['WorkerFailed', undefined],
  ['NetworkFailed', undefined],
])('of errors of the device %s is for a server as %s', (name, reason) => {
  expect(unfitBy(new LinnetError(name, 'said'))?.reason).toBe(reason);
});

it.each<[kind: RemoteErrorKind, reason: string | undefined]>([
  ['unreachable', 'serverUnreachable'],
  ['timedOut', 'serverUnreachable'],
  ['failed', 'serverFailed'],
  ['brokenOff', 'serverFailed'],
  ['notUnderstood', 'serverFailed'],
  ['refused', undefined],
])('of errors of a server %s is for the device as %s', (kind, reason) => {
  expect(serverUnfitBy(new RemoteError(kind, 'said', { host: 'h' }))?.reason).toBe(reason);
  expect(serverUnfitBy(new LinnetError('Aborted', 'said'))).toBeUndefined();
});

it('waits longer with each retry, give or take half, and as long as the server asks', () => {
  expect([0, 1, 2, 10].map((retry) => backoffMs(retry, 0.5, undefined))).toEqual([500, 1000, 2000, 8000]);
  expect([backoffMs(0, 0, undefined), backoffMs(0, 1, undefined)]).toEqual([250, 750]);
  expect(backoffMs(0, 0.5, 3000)).toBe(3000);
  expect(backoffMs(0, 0.5, 61_000)).toBeUndefined();
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  const wish = (headers: Record<string, string>) => retryAfterOf(new Headers(headers), nowMs);
  expect(wish({ 'retry-after': '2' })).toBe(2000);
  expect(wish({ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' })).toBe(5000);
  expect(wish({ 'retry-after': '2', 'retry-after-ms': '150' })).toBe(150);
  expect([wish({}), wish({ 'retry-after': 'soon' })]).toEqual([undefined, undefined]);
});
