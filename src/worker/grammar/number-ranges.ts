/**
 * Decimal numbers between two bounds, as EBNF: by their digits, exactly, and no more of these than a number in a program keeps.
 * Knows nothing of schemas.
 */
import { grammarError } from './ebnf.ts';

export interface Bounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
}

/** 15 digits are kept by every number; beyond 16, bounds would be none. */
const MAX_DIGITS = 16;
const MAX_DECIMALS = 6;

export const ANY_INTEGER = '"-"? [1-9] [0-9]{0,14} | "0"';
export const ANY_NUMBER = '"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,15})? ([eE] [+\\u002d]? [0-9]{1,2})?';

/** Whole numbers. @throws GrammarFailed where there are none */
export function integersBetween(bounds: Bounds): string {
  return rangeOf(bounds, 0);
}

/** Numbers of at most six decimals, without an exponent. @throws GrammarFailed where there are none */
export function numbersBetween(bounds: Bounds): string {
  const written = Array.from({ length: MAX_DECIMALS + 1 }, (_, numDecimals) => {
    const range = scaledRange(bounds, numDecimals);
    return range === undefined ? [] : alternatives(...range, numDecimals);
  }).flat();
  if (written.length === 0) throw nothingBetween(bounds);
  return written.join(' | ');
}

function rangeOf(bounds: Bounds, numDecimals: number): string {
  const range = scaledRange(bounds, numDecimals);
  if (range === undefined) throw nothingBetween(bounds);
  return alternatives(...range, numDecimals).join(' | ');
}

function nothingBetween(bounds: Bounds): Error {
  return grammarError(`The schema allows no number: ${JSON.stringify(bounds)}.`);
}

/** The least and the greatest number, times 10 ** numDecimals; undefined when there is none. */
function scaledRange(bounds: Bounds, numDecimals: number): readonly [bigint, bigint] | undefined {
  const limit = 10n ** BigInt(MAX_DIGITS + numDecimals) - 1n;
  let [low, high] = [-limit, limit];
  const raise = (value: bigint) => (low = value > low ? value : low);
  const lower = (value: bigint) => (high = value < high ? value : high);
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = bounds;
  if (minimum !== undefined) raise(-floorScaled(-minimum, numDecimals));
  if (maximum !== undefined) lower(floorScaled(maximum, numDecimals));
  if (exclusiveMinimum !== undefined) raise(floorScaled(exclusiveMinimum, numDecimals) + 1n);
  if (exclusiveMaximum !== undefined) lower(-floorScaled(-exclusiveMaximum, numDecimals) - 1n);
  return low > high ? undefined : [low, high];
}

/** floor(value * 10 ** numDecimals), of the decimal number that stands for `value`. */
function floorScaled(value: number, numDecimals: number): bigint {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(String(value)) ?? [];
  const shift = Number(exponent) + numDecimals - fraction.length;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const quotient = digits / divisor; // towards zero
  return digits % divisor < 0n ? quotient - 1n : quotient;
}

function alternatives(low: bigint, high: bigint, numDecimals: number): string[] {
  const result: string[] = [];
  if (low < 0n) {
    const negative = magnitudes(high < 0n ? -high : 1n, -low, numDecimals);
    result.push(...negative.map((text) => `"-" ${text}`));
  }
  if (high >= 0n) result.push(...magnitudes(low > 0n ? low : 0n, high, numDecimals));
  return result;
}

/** Of numbers not below zero, for each count of digits; one digit at least stands before the point. */
function magnitudes(low: bigint, high: bigint, numDecimals: number): string[] {
  const result: string[] = [];
  for (let numDigits = numDecimals + 1; numDigits <= MAX_DIGITS + numDecimals; numDigits++) {
    const least = numDigits === numDecimals + 1 ? 0n : 10n ** BigInt(numDigits - 1);
    const most = 10n ** BigInt(numDigits) - 1n;
    const [from, to] = [low > least ? low : least, high < most ? high : most];
    if (from > to) continue;
    const [first, last] = [from, to].map((value) => value.toString().padStart(numDigits, '0'));
    result.push(...sameLength(first ?? '', last ?? '').map((parts) => written(parts, numDecimals)));
  }
  return result;
}

/** Digits, or ranges of digits like `3-7`, in the places of a number. */
type Places = readonly string[];

function sameLength(first: string, last: string): readonly Places[] {
  if (first === '') return [[]];
  const [a = '', b = ''] = [first[0], last[0]];
  const [restA, restB] = [first.slice(1), last.slice(1)];
  if (a === b) return sameLength(restA, restB).map((rest) => [a, ...rest]);
  const free: Places = [...restA].map(() => '0-9');
  const fromIsWhole = /^0*$/.test(restA);
  const toIsWhole = /^9*$/.test(restB);
  const middleFirst = fromIsWhole ? Number(a) : Number(a) + 1;
  const middleLast = toIsWhole ? Number(b) : Number(b) - 1;
  return [
    ...(fromIsWhole ? [] : sameLength(restA, '9'.repeat(restA.length)).map((rest) => [a, ...rest])),
    ...(middleFirst > middleLast ? [] : [[`${String(middleFirst)}-${String(middleLast)}`, ...free]]),
    ...(toIsWhole ? [] : sameLength('0'.repeat(restB.length), restB).map((rest) => [b, ...rest])),
  ];
}

/** In EBNF, with the point in its place, and runs of any digits as one. */
function written(places: Places, numDecimals: number): string {
  const point = places.length - numDecimals;
  const parts = [
    sequence(places.slice(0, point)),
    ...(numDecimals === 0 ? [] : ['"."', sequence(places.slice(point))]),
  ];
  return parts.join(' ');
}

function sequence(places: Places): string {
  const parts: string[] = [];
  for (let at = 0; at < places.length; at++) {
    const place = places[at] ?? '';
    let end = at + 1;
    while (place === '0-9' && places[end] === place) end++;
    if (end - at > 1) parts.push(`[0-9]{${String(end - at)}}`);
    else parts.push(place.length === 1 ? `"${place}"` : `[${place}]`);
    at = end - 1;
  }
  return parts.join(' ');
}
