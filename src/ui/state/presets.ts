/**
 * Presets: a system prompt with sampling settings, by a name. Those that come with the page are in strings.ts, since prompts are
 * sentences too; the visitor's own are kept like the settings. Pure.
 */
import { clampNumber, NUMBER_FIELDS, type Settings } from './settings.ts';

const SAMPLING = ['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty'] as const;

export type PresetSettings = Pick<Settings, 'systemPrompt' | (typeof SAMPLING)[number]>;

export interface Preset {
  /** Unique; those of the visitor begin with `own:`. */
  readonly id: string;
  readonly name: string;
  readonly settings: PresetSettings;
}

/** What a preset is made of, out of all settings. */
export function presetSettings(settings: PresetSettings): PresetSettings {
  const { systemPrompt, temperature, topK, topP, minP, repetitionPenalty } = settings;
  return { systemPrompt, temperature, topK, topP, minP, repetitionPenalty };
}

/** A preset that says how the words are chosen and leaves the rest to the model. */
export function preset(id: string, name: string, settings: Partial<PresetSettings>): Preset {
  const open = {
    temperature: undefined,
    topK: undefined,
    topP: undefined,
    minP: undefined,
    repetitionPenalty: undefined,
  };
  return { id, name, settings: { systemPrompt: '', ...open, ...settings } };
}

/** The preset that these settings are; undefined when they are none. */
export function presetOf(settings: PresetSettings, presets: readonly Preset[]): Preset | undefined {
  const names = ['systemPrompt', ...SAMPLING] as const;
  return presets.find((candidate) => names.every((name) => candidate.settings[name] === settings[name]));
}

/** The list with these settings under a name; one of that name is replaced. */
export function withPreset(presets: readonly Preset[], name: string, settings: PresetSettings): readonly Preset[] {
  const added: Preset = { id: ownId(name), name, settings: presetSettings(settings) };
  return [...presets.filter((other) => other.id !== added.id), added];
}

/** The guard for what storage holds. */
export function parsePresets(stored: unknown): readonly Preset[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('settings' in entry)) return [];
    const { name, settings } = entry;
    if (typeof name !== 'string' || name === '' || typeof settings !== 'object' || settings === null) return [];
    const values = new Map<string, unknown>(Object.entries(settings));
    const numbers = SAMPLING.map((field) => [field, clampNumber(NUMBER_FIELDS[field], values.get(field))] as const);
    const systemPrompt = values.get('systemPrompt');
    return [
      preset(ownId(name), name, {
        systemPrompt: typeof systemPrompt === 'string' ? systemPrompt : '',
        ...Object.fromEntries(numbers),
      }),
    ];
  });
}

function ownId(name: string): string {
  return `own:${name}`;
}
