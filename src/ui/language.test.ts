/** Every sentence in both languages, and which one is spoken. */
import { afterEach, describe, expect, it } from 'vitest';
import { english as englishBench } from './bench/strings.ts';
import { chinese as chineseBench } from './bench/strings.zh.ts';
import { embedStrings } from './embed/strings.ts';
import { english, speak, spokenLanguage } from './language.ts';
import { formatRemaining } from './state/format.ts';
import { strings } from './strings.ts';
import { chinese } from './strings.zh.ts';

/** Words that are the same in both: names, terms, and examples for a model that knows English. */
const SAME =
  /^(bench\.catalogueModel|page\.(locale|product|finish\.(stop|toolCalls)|builtInSuggestions\.\d|number\.(topK|topP|minP)\.label|presets\.\d\.(id|settings)))/;

/** `path -> text`; functions are called with values that name themselves. */
function flatten(value: unknown, path = ''): ReadonlyMap<string, string> {
  if (typeof value === 'string') return new Map([[path, value]]);
  if (typeof value === 'function') {
    const words: unknown = Reflect.apply(
      value,
      undefined,
      Array.from({ length: value.length }, (_, i) => String(i + 2)),
    );
    return flatten(words, path);
  }
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [...flatten(inner, path === '' ? name : `${path}.${name}`)]),
  );
}

afterEach(() => speak('en'));

describe('the Chinese sentences', () => {
  const [en, zh] = [flatten({ ...english, bench: englishBench }), flatten({ ...chinese, bench: chineseBench })];

  it('are those that there are in English, and none is missing', () => {
    const own = (path: string): boolean => !path.includes('.settings.');
    expect([...zh.keys()].filter(own).sort()).toEqual([...en.keys()].filter(own).sort());
    expect(Object.keys(embedStrings('zh'))).toEqual(Object.keys(embedStrings('en')));
  });

  it('are Chinese', () => {
    const suspect = [...zh, ...flatten(embedStrings('zh-CN'))].filter(
      ([path, text]) => !SAME.test(path) && !/\p{Script=Han}/u.test(text),
    );
    expect(suspect).toEqual([]);
  });

  it('say what the English ones say: the same values stand in them', () => {
    const differing = [...en].filter(([path, text]) => {
      const values = (words: string): string => [...new Set(words.match(/\b[234]\b/g))].sort().join();
      return typeof zh.get(path) === 'string' && values(text) !== values(zh.get(path) ?? '');
    });
    expect(differing).toEqual([]);
  });
});

describe('the language', () => {
  it('is the first of the visitor that is spoken here', () => {
    expect(spokenLanguage(['de-DE', 'zh-TW', 'en'])).toBe('zh');
    expect(spokenLanguage(['EN-us'])).toBe('en');
    expect(spokenLanguage(['de'])).toBe('en');
    expect(spokenLanguage([])).toBe('en');
  });

  it('changes what is said from then on', async () => {
    expect(strings.newChat).toBe('New chat');
    await speak('zh');
    expect(strings.newChat).toBe('新对话');
    expect(formatRemaining(120_000)).toBe('约 2 分钟');
    await speak('en');
    expect(formatRemaining(120_000)).toBe('about 2 min');
  });
});
