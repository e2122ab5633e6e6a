/**
 * What a visitor can set, within which bounds, and how it is read back from storage. It knows nothing of storage itself
 * nor of the form that edits it; one table describes every number for both.
 */
import type { KvType, LoadRequest, OverflowPolicy, Precision, SamplingParams } from '../../worker/api.ts';

/** Undefined is what the model recommends, or else what the engine thinks best. */
export interface Settings {
  readonly systemPrompt: string;
  readonly temperature: number | undefined;
  readonly topK: number | undefined;
  readonly topP: number | undefined;
  readonly minP: number | undefined;
  readonly repetitionPenalty: number | undefined;
  /** Undefined: another one for each answer. */
  readonly seed: number | undefined;
  /** Undefined: until the model stops. */
  readonly maxTokens: number | undefined;
  /** Undefined: what suits the model and the device. Takes effect when a model is loaded. */
  readonly contextLength: number | undefined;
  /** Undefined: what the engine thinks best. Takes effect when a model is loaded. */
  readonly kvType: KvType | undefined;
  /** Takes effect when a model is loaded. */
  readonly precision: Precision;
  readonly overflow: OverflowPolicy;
  /** Answers are asked for with the likeliest tokens in each place. */
  readonly probabilities: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  systemPrompt: '',
  temperature: undefined,
  topK: undefined,
  topP: undefined,
  minP: undefined,
  repetitionPenalty: undefined,
  seed: undefined,
  maxTokens: 1024,
  contextLength: undefined,
  kvType: undefined,
  precision: 'exact',
  overflow: 'dropOldestTurns',
  probabilities: false,
};

/** How many tokens are shown in each place. */
const NUM_ALTERNATIVES = 5;

/** Every field may be left empty, which means `undefined`. */
export interface NumberField {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export type NumberSetting =
  'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed' | 'maxTokens' | 'contextLength';

export const NUMBER_FIELDS: Readonly<Record<NumberSetting, NumberField>> = {
  temperature: { min: 0, max: 2, step: 0.05 },
  topK: { min: 0, max: 1000, step: 1 },
  topP: { min: 0.01, max: 1, step: 0.01 },
  minP: { min: 0, max: 0.99, step: 0.01 },
  repetitionPenalty: { min: 1, max: 2, step: 0.01 },
  seed: { min: 0, max: 4294967295, step: 1 },
  maxTokens: { min: 1, max: 131072, step: 1 },
  contextLength: { min: 64, max: 131072, step: 1 },
};

/** A number within its field's bounds, whole where the step is whole; undefined for what is no number. */
export function clampNumber(field: NumberField, value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const bounded = Math.min(field.max, Math.max(field.min, value));
  return Number.isInteger(field.step) ? Math.round(bounded) : bounded;
}

const KV_TYPES: readonly KvType[] = ['f32', 'f16', 'q8_0', 'q4_0'];

/** The named guard of a cache type, from storage or a form; undefined for anything else. */
export function parseKvType(value: unknown): KvType | undefined {
  return KV_TYPES.find((type) => type === value);
}

/** The named guard of a precision. */
export function parsePrecision(value: unknown): Precision {
  return value === 'int8' ? 'int8' : DEFAULT_SETTINGS.precision;
}

/** The named guard of what storage holds: every field that is missing or makes no sense gets its default. */
export function parseSettings(stored: unknown): Settings {
  if (typeof stored !== 'object' || stored === null) return DEFAULT_SETTINGS;
  const entries = new Map<string, unknown>(Object.entries(stored));
  const number = (name: NumberSetting): number | undefined => clampNumber(NUMBER_FIELDS[name], entries.get(name));
  const systemPrompt = entries.get('systemPrompt');
  const kvType = entries.get('kvType');
  return {
    systemPrompt: typeof systemPrompt === 'string' ? systemPrompt : DEFAULT_SETTINGS.systemPrompt,
    temperature: number('temperature'),
    topK: number('topK'),
    topP: number('topP'),
    minP: number('minP'),
    repetitionPenalty: number('repetitionPenalty'),
    seed: number('seed'),
    maxTokens: number('maxTokens'),
    contextLength: number('contextLength'),
    kvType: parseKvType(kvType),
    precision: parsePrecision(entries.get('precision')),
    overflow: entries.get('overflow') === 'stop' ? 'stop' : DEFAULT_SETTINGS.overflow,
    probabilities: entries.get('probabilities') === true,
  };
}

export function toSamplingParams(settings: Settings): SamplingParams {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = settings;
  const topLogprobs = settings.probabilities ? NUM_ALTERNATIVES : undefined;
  const set = { temperature, topK, topP, minP, repetitionPenalty, seed, topLogprobs };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
}

/** The settings that only a new load can change, as a load request carries them. */
export function toLoadOptions(settings: Settings): Pick<LoadRequest, 'contextLength' | 'kvType' | 'precision'> {
  const { contextLength, kvType, precision } = settings;
  return {
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(kvType === undefined ? {} : { kvType }),
    ...(precision === DEFAULT_SETTINGS.precision ? {} : { precision }),
  };
}
