/**
 * The language of the page: which one to speak, and the words of it. Words are looked up when something is rendered
 * (`strings.…`), so a change of language takes a new rendering of everything: start.ts does that.
 */
import { english as englishDevice, setDeviceStrings } from './device-strings.ts';
import type { Dictionary } from './dictionary.ts';
import { english as englishHistory, setHistoryStrings } from './history-strings.ts';
import { english as englishPage, setStrings } from './strings.ts';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

export const english: Dictionary = { page: englishPage, history: englishHistory, device: englishDevice };

export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(LANGUAGES, value);
}

/** The first of these tags (as in `lang` attributes) that is spoken here; English where none is. */
export function spokenLanguage(tags: readonly string[]): Language {
  return tags.map((tag) => tag.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en';
}

/** What is rendered from now on is in this language. English comes with the page, others are fetched; where that fails it stays as it is. */
export async function speak(language: Language): Promise<void> {
  const dictionary = language === 'en' ? english : await fetchChinese();
  if (dictionary === undefined) return;
  setStrings(dictionary.page);
  setHistoryStrings(dictionary.history);
  setDeviceStrings(dictionary.device);
}

async function fetchChinese(): Promise<Dictionary | undefined> {
  try {
    return (await import('./strings.zh.ts')).chinese;
  } catch {
    return undefined;
  }
}
