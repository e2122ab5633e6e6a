/** The small pure parts of the state: sources, settings, catalogue, fit, numbers, preferences, store. */
import { describe, expect, it } from 'vitest';
import { readFileSync, statSync } from 'node:fs';
import type { ModelInspection } from '../../worker/api.ts';
import { builtInModel, parseCatalogue, sourceOf } from './catalogue.ts';
import { judgeFit } from './fit.ts';
import { formatBytes, formatDuration, formatRemaining } from './format.ts';
import { Preferences, type KeyValueStorage } from './preferences.ts';
import {
  clampNumber,
  DEFAULT_SETTINGS,
  NUMBER_FIELDS,
  parseSettings,
  toLoadOptions,
  toSamplingParams,
} from './settings.ts';
import { describeSource, parseSource } from './source.ts';
import { createStore } from './store.ts';

describe('parseSource', () => {
  const source = (text: string): unknown => {
    const parsed = parseSource(text, 'https://page.test/app/');
    return parsed.kind === 'source' ? parsed.source : parsed.kind;
  };
  it.each([
    ['https://host.test/a/m.gguf?x=1', { kind: 'url', url: 'https://host.test/a/m.gguf?x=1' }],
    ['http://localhost:8080/m.gguf', { kind: 'url', url: 'http://localhost:8080/m.gguf' }],
    ['/models/m.gguf', { kind: 'url', url: 'https://page.test/models/m.gguf' }],
    ['./m.gguf', { kind: 'url', url: 'https://page.test/app/m.gguf' }],
    [' owner/name ', { kind: 'huggingFace', repo: 'owner/name' }],
    ['owner/name/sub/m.gguf', { kind: 'huggingFace', repo: 'owner/name', file: 'sub/m.gguf' }],
    ['https://huggingface.co/owner/name', { kind: 'huggingFace', repo: 'owner/name' }],
    ['hf.co/owner/name', { kind: 'huggingFace', repo: 'owner/name' }],
    ['https://huggingface.co/o/n/blob/main/m.gguf', { kind: 'huggingFace', repo: 'o/n', file: 'm.gguf' }],
    [
      'https://huggingface.co/o/n/resolve/v1/s/m.gguf?download=true',
      { kind: 'huggingFace', repo: 'o/n', file: 's/m.gguf', revision: 'v1' },
    ],
    ['', 'empty'],
    ['   ', 'empty'],
    ['just words', 'invalid'],
    ['javascript:alert(1)', 'invalid'],
    ['file:///etc/passwd', 'invalid'],
    ['https://', 'invalid'],
  ])('%s', (text, expected) => {
    expect(source(text)).toEqual(expected);
  });

  it('has a short name for what it found', () => {
    expect(describeSource({ kind: 'url', url: 'https://host.test/a/m.gguf?x=1' })).toBe('m.gguf');
    expect(describeSource({ kind: 'huggingFace', repo: 'o/n' })).toBe('o/n');
  });
});

describe('settings', () => {
  it('survive a round trip, and nonsense becomes the default', () => {
    const settings = {
      ...DEFAULT_SETTINGS,
      seed: 7,
      temperature: 0,
      kvType: 'f16',
      precision: 'int8',
      overflow: 'stop',
    } as const;
    expect(parseSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
    for (const kvType of ['f32', 'f16', 'q8_0', 'q4_0'])
      expect(parseSettings({ kvType })).toHaveProperty('kvType', kvType);
    expect(
      parseSettings({
        temperature: 'hot',
        topK: Number.NaN,
        topP: 7,
        seed: -3,
        kvType: 'q1',
        precision: 8,
        overflow: 1,
      }),
    ).toEqual({
      ...DEFAULT_SETTINGS,
      maxTokens: undefined,
      topP: 1,
      seed: 0,
    });
    expect(parseSettings(null)).toEqual(DEFAULT_SETTINGS);
  });

  it('are clamped to what the engine accepts', () => {
    expect(clampNumber(NUMBER_FIELDS.seed, 2 ** 40)).toBe(2 ** 32 - 1);
    expect(clampNumber(NUMBER_FIELDS.topK, 3.6)).toBe(4);
    expect(clampNumber(NUMBER_FIELDS.topP, 0)).toBe(0.01);
    expect(clampNumber(NUMBER_FIELDS.minP, Number.NaN)).toBeUndefined();
  });

  it('leave out what is automatic', () => {
    expect(toSamplingParams(DEFAULT_SETTINGS)).not.toHaveProperty('seed');
    expect(toSamplingParams({ ...DEFAULT_SETTINGS, seed: 0 })).toHaveProperty('seed', 0);
    expect(toLoadOptions(DEFAULT_SETTINGS)).toEqual({});
    expect(toLoadOptions({ ...DEFAULT_SETTINGS, contextLength: 512, kvType: 'f32', precision: 'int8' })).toEqual({
      contextLength: 512,
      kvType: 'f32',
      precision: 'int8',
    });
  });
});

describe('the catalogue', () => {
  const shipped: unknown = JSON.parse(readFileSync(new URL('../../../public/models.json', import.meta.url), 'utf8'));

  it('that ships is whole, and recommends one model', () => {
    const models = parseCatalogue(shipped);
    expect(models.length).toBeGreaterThanOrEqual(5);
    expect(shipped).toHaveProperty('models.length', models.length);
    expect(models.filter((model) => model.recommended)).toHaveLength(1);
    for (const model of models) {
      if (model.repo === undefined) continue;
      expect(parseSource(`${model.repo}/${model.file}`, 'https://page.test/')).toMatchObject({
        source: { repo: model.repo, file: model.file },
      });
      expect(model.licenceUrl).toMatch(/^https:\/\//);
    }
  });

  it('has one model that lies beside the page, wherever that is, and tells its true size', () => {
    const builtIn = parseCatalogue(shipped).filter((model) => model.repo === undefined);
    expect(builtIn).toHaveLength(1);
    const model = builtInModel(builtIn);
    if (model === undefined) throw new Error('no built-in model');
    expect(model.sizeIsApproximate).toBe(false);
    expect(statSync(new URL(`../../../public/${model.file}`, import.meta.url)).size).toBe(model.sizeBytes);
    expect(sourceOf(model, 'https://host.test/some/where/')).toEqual({
      kind: 'url',
      url: `https://host.test/some/where/${model.file}`,
    });
  });

  it('leaves out entries that are not whole', () => {
    expect(parseCatalogue({ models: [{ name: 'x' }, null, 3] })).toEqual([]);
    expect(parseCatalogue('nonsense')).toEqual([]);
  });
});

describe('judgeFit', () => {
  const inspection = (weights: number, cached = false): ModelInspection => ({
    name: 'm',
    architecture: 'llama',
    weightType: 'Q4_K',
    numParameters: 1,
    fileBytes: weights,
    contextLength: 4096,
    licence: undefined,
    cached,
    gpuBytes: { weights, kvCache: 0, scratch: 0 },
    plannedContextLength: 4096,
    multiplied: { layers: {}, head: {} },
  });
  const storage = (free: number) => ({ usedBytes: 10, quotaBytes: 10 + free, persisted: false });

  it('compares with half the memory, and admits what it cannot know', () => {
    expect(judgeFit(inspection(1e9), undefined, 4).memory).toBe('fits');
    expect(judgeFit(inspection(3e9), undefined, 4).memory).toBe('tight');
    expect(judgeFit(inspection(6e9), undefined, 8).memory).toBe('unknown');
    expect(judgeFit(inspection(1e9), undefined, undefined).memory).toBe('unknown');
  });

  it('needs room for the file only when it is not here yet', () => {
    expect(judgeFit(inspection(100), storage(100), 8).storageFits).toBe(true);
    expect(judgeFit(inspection(101), storage(100), 8).storageFits).toBe(false);
    expect(judgeFit(inspection(101, true), storage(100), 8).storageFits).toBe(true);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1_185_376, '1.2 MB'],
    [144_800_000, '145 MB'],
    [999_600_000, '1 GB'],
    [2_019_377_696, '2.02 GB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('are durations too', () => {
    expect(formatDuration(340.4)).toBe('340 ms');
    expect(formatDuration(2140)).toBe('2.1 s');
    expect(formatRemaining(1200)).toBe('a few seconds');
    expect(formatRemaining(41_000)).toBe('about 45 s');
    expect(formatRemaining(150_000)).toBe('about 3 min');
  });
});

describe('preferences', () => {
  it('come back, and survive storage that throws', () => {
    const held = new Map<string, string>();
    const storage: KeyValueStorage = {
      getItem: (key) => held.get(key) ?? null,
      setItem: (key, value) => void held.set(key, value),
      removeItem: (key) => void held.delete(key),
    };
    const preferences = new Preferences(storage);
    preferences.writeTheme('dark');
    preferences.writeLastModel({ name: 'm', keep: true, builtIn: false, source: { kind: 'cached', id: 'a' } });
    expect(new Preferences(storage).readTheme()).toBe('dark');
    expect(new Preferences(storage).readLastModel()).toEqual({
      name: 'm',
      keep: true,
      builtIn: false,
      source: { kind: 'cached', id: 'a' },
    });
    preferences.writeLastModel({
      name: 'm',
      keep: true,
      builtIn: false,
      source: { kind: 'url', url: 'https://x.test' },
    });
    expect(preferences.readLastModel()).toBeUndefined();

    const forbidden = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    const none = new Preferences({ getItem: forbidden, setItem: forbidden, removeItem: forbidden });
    none.writeTheme('dark');
    expect(none.readTheme()).toBe('system');
    expect(none.readSettings()).toEqual(DEFAULT_SETTINGS);
  });
});

describe('the store', () => {
  it('tells listeners of new states only, until they stop listening', () => {
    const store = createStore({ count: 0 });
    const seen: number[] = [];
    const stop = store.subscribe((state) => seen.push(state.count));
    store.update((state) => ({ count: state.count + 1 }));
    store.update((state) => state);
    stop();
    store.update(() => ({ count: 9 }));
    expect(seen).toEqual([1]);
    expect(store.state.count).toBe(9);
  });
});
