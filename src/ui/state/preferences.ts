/**
 * What is remembered between visits: settings, presets, theme, language, and which model was used last. Storage may be forbidden or hold
 * anything at all, so every read is guarded and no failure is worth more than a default.
 */
import { isLanguage } from '../language.ts';
import type { LanguageChoice, ModelChoice, Theme } from './app-state.ts';
import { parsePresets, type Preset } from './presets.ts';
import { parseSettings, type Settings } from './settings.ts';

const SETTINGS = 'linnet.settings.v1';
const PRESETS = 'linnet.presets.v1';
const THEME = 'linnet.theme.v1';
const LANGUAGE = 'linnet.language.v1';
const LAST_MODEL = 'linnet.last-model.v1';

/** The part of `Storage` that is used. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class Preferences {
  readonly #storage: KeyValueStorage | undefined;

  constructor(storage: KeyValueStorage | undefined) {
    this.#storage = storage;
  }

  readSettings(): Settings {
    return parseSettings(this.#read(SETTINGS));
  }

  writeSettings(settings: Settings): void {
    this.#write(SETTINGS, settings);
  }

  readPresets(): readonly Preset[] {
    return parsePresets(this.#read(PRESETS));
  }

  writePresets(presets: readonly Preset[]): void {
    this.#write(PRESETS, presets);
  }

  readTheme(): Theme {
    const theme = this.#read(THEME);
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  }

  writeTheme(theme: Theme): void {
    this.#write(THEME, theme);
  }

  readLanguage(): LanguageChoice {
    const language = this.#read(LANGUAGE);
    return isLanguage(language) ? language : 'auto';
  }

  writeLanguage(language: LanguageChoice): void {
    this.#write(LANGUAGE, language);
  }

  readLastModel(): ModelChoice | undefined {
    const stored = this.#read(LAST_MODEL);
    if (typeof stored !== 'object' || stored === null || !('id' in stored) || !('name' in stored)) return undefined;
    const { id, name } = stored;
    if (typeof id !== 'string' || typeof name !== 'string') return undefined;
    return { source: { kind: 'cached', id }, name, keep: true, builtIn: false };
  }

  /** Only a model that is kept can be come back to; another one clears the memory. */
  writeLastModel(model: ModelChoice | undefined): void {
    this.#write(LAST_MODEL, model?.source.kind === 'cached' ? { id: model.source.id, name: model.name } : undefined);
  }

  #read(key: string): unknown {
    try {
      const text = this.#storage?.getItem(key) ?? null;
      return text === null ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  #write(key: string, value: unknown): void {
    try {
      if (value === undefined) this.#storage?.removeItem(key);
      else this.#storage?.setItem(key, JSON.stringify(value));
    } catch {
      // A full or forbidden storage only means that the next visit starts from the defaults.
    }
  }
}

/** `localStorage`, or nothing where reading it throws (blocked cookies, sandboxed frames). */
export function openPreferences(): Preferences {
  try {
    return new Preferences(globalThis.localStorage);
  } catch {
    return new Preferences(undefined);
  }
}
