/**
 * The header of a saved session: what it was saved from, how much of it there is, and what an answer needs to go on. What is read
 * is checked field by field, for bytes may come from anywhere. Knows nothing of the bytes around it.
 */
import type { KvType } from '../api.ts';
import type { Precision } from '../api-device.ts';
import { LinnetError } from '../errors.ts';
import type { CachedLayer, CacheExtent } from '../model/cache-spans.ts';
import { BLOCK_TOKENS } from '../model/kv-pool.ts';
import type { Remembered } from '../serving/conversations.ts';

/** What must be the same where a session is restored. */
export interface SessionModel {
  /** Of the model file. */
  readonly fingerprint: string;
  readonly kvType: KvType;
  readonly precision: Precision;
  readonly layers: readonly CachedLayer[];
  /** Of the state of all recurrent layers. */
  readonly stateBytes: number;
}

export interface SessionHeader extends SessionModel, CacheExtent, Omit<Remembered, 'tokens'> {
  readonly numTokens: number;
  /** The name in the model's file, for messages. */
  readonly modelName: string;
  /** Where it was computed. */
  readonly device: string;
  /** The client's own. */
  readonly note: string | undefined;
}

/** @throws SessionInvalid naming the field */
export function headerOf(bytes: Uint8Array): SessionHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw bad('it is no JSON');
  }
  const field = fieldsOf(json, '');
  const numTokens = field.count('numTokens', 2 ** 31);
  if (numTokens === 0) throw bad('it has no tokens');
  const numComputed = field.count('numComputed', numTokens - 1);
  return {
    fingerprint: field.text('fingerprint'),
    modelName: field.text('modelName'),
    device: field.text('device'),
    note: field.option('note'),
    // Compared with the model's, so that any string will do.
    kvType: field.text('kvType') as KvType,
    precision: field.text('precision') as Precision,
    layers: field.list('layers').map((layer, i) => {
      const of = fieldsOf(layer, `layers[${String(i)}].`);
      return {
        index: of.count('index'),
        blockBytes: of.count('blockBytes'),
        hadamard: of.count('hadamard'),
        windowed: of.flag('windowed'),
      };
    }),
    stateBytes: field.count('stateBytes'),
    numTokens,
    numComputed,
    firstWindowBlock: field.count('firstWindowBlock', Math.ceil(numComputed / BLOCK_TOKENS)),
    hasState: field.flag('hasState'),
    text: field.option('text'),
    numTextTokens: field.count('numTextTokens', numTokens),
    numDroppedTurns: field.count('numDroppedTurns'),
    numPromptTokens: field.count('numPromptTokens', numTokens),
    stop: field.list('stop').map((stop) => {
      if (typeof stop === 'string' && stop !== '') return stop;
      throw bad('a stop text is none');
    }),
    isPlain: field.flag('isPlain'),
    // Its fields are checked when they are used.
    sampling: field.record('sampling'),
  };
}

function fieldsOf(json: unknown, where: string) {
  if (!isRecord(json)) throw bad(`${where === '' ? 'it' : where.slice(0, -1)} is no object`);
  const wrong = (name: string) => {
    const value: unknown = JSON.stringify(json[name]);
    return bad(`${where}${name} is ${typeof value === 'string' ? value.slice(0, 40) : 'missing'}`);
  };
  return {
    count(name: string, most = Number.MAX_SAFE_INTEGER): number {
      const value = json[name];
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
      throw wrong(name);
    },
    text(name: string): string {
      const value = json[name];
      if (typeof value === 'string') return value;
      throw wrong(name);
    },
    option(name: string): string | undefined {
      const value = json[name];
      if (value === undefined || typeof value === 'string') return value;
      throw wrong(name);
    },
    flag(name: string): boolean {
      const value = json[name];
      if (typeof value === 'boolean') return value;
      throw wrong(name);
    },
    list(name: string): readonly unknown[] {
      const value = json[name];
      if (Array.isArray(value)) return value;
      throw wrong(name);
    },
    record(name: string): Readonly<Record<string, unknown>> {
      const value = json[name];
      if (isRecord(value)) return value;
      throw wrong(name);
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(problem: string): LinnetError {
  return new LinnetError('SessionInvalid', `The session's header is damaged: ${problem}.`);
}
