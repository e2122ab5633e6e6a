/**
 * Everything the page knows, as one value, and the questions views ask of it. Pure: what changes it is in the controllers.
 */
import type {
  CachedModel,
  EngineInfo,
  LoadedModel,
  LoadProgress,
  ModelInspection,
  ModelSource,
  SelfTestReport,
  StorageReport,
} from '../../worker/api.ts';
import type { Failure } from '../errors.ts';
import type { Language } from '../language.ts';
import type { Attachment } from './attachments.ts';
import type { CatalogueModel } from './catalogue.ts';
import { emptyConversation, type Conversation } from './conversation.ts';
import type { SavedConversation } from './history.ts';
import type { Preset } from './presets.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import type { StatsSample } from './stats-sample.ts';

/** A model somebody wants, and how. */
export interface ModelChoice {
  readonly source: ModelSource;
  readonly name: string;
  /** Whether its file is to stay on this device; undefined until the visitor has been asked. */
  readonly keep: boolean | undefined;
  /** It is the model that comes with the page. */
  readonly builtIn: boolean;
}

/** Where the visitor is on the way to an answer. `loaded` is a model that stays usable while another is looked at. */
export type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'noWebGpu'; readonly reason: string }
  | { readonly kind: 'choosing'; readonly loaded: LoadedModel | undefined }
  | { readonly kind: 'inspecting'; readonly choice: ModelChoice; readonly loaded: LoadedModel | undefined }
  | {
      readonly kind: 'consent';
      readonly choice: ModelChoice;
      readonly inspection: ModelInspection;
      readonly loaded: LoadedModel | undefined;
    }
  | { readonly kind: 'loading'; readonly choice: ModelChoice; readonly progress: LoadProgress | undefined }
  | { readonly kind: 'ready'; readonly model: LoadedModel }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly choice: ModelChoice;
      /** What was being done. */
      readonly during: 'inspecting' | 'loading';
      readonly loaded: LoadedModel | undefined;
    }
  /** `choice` is what was on its way in when the worker died. */
  | { readonly kind: 'workerLost'; readonly failure: Failure; readonly choice: ModelChoice | undefined };

export type Theme = 'system' | 'light' | 'dark';
/** `auto`: that of the browser. */
export type LanguageChoice = Language | 'auto';

export interface AppState {
  readonly phase: Phase;
  readonly info: EngineInfo | undefined;
  /** As of the moment when the device panel was opened. */
  readonly selfTest: SelfTestReport | undefined;
  /** What the engine did while it answered, oldest first. */
  readonly samples: readonly StatsSample[];
  readonly catalogue: readonly CatalogueModel[];
  readonly cached: readonly CachedModel[];
  readonly storage: StorageReport | undefined;
  readonly conversation: Conversation;
  /** What is kept of this conversation and of earlier ones, in no order. */
  readonly history: readonly SavedConversation[];
  /** Files for the next question. */
  readonly attachments: readonly Attachment[];
  readonly settings: Settings;
  /** The visitor's own. */
  readonly presets: readonly Preset[];
  readonly theme: Theme;
  /** Undefined where the visitor has no choice: in somebody else's page. */
  readonly language: LanguageChoice | undefined;
  /** The model to come back to: after a reload of the page, or of the worker. */
  readonly lastModel: ModelChoice | undefined;
  /** The settings of the moment when the loaded model was loaded. */
  readonly loadedWith: Settings | undefined;
  /** What a screen reader is told next. */
  readonly announcement: string;
  /** Something minor that went wrong and needs no panel. */
  readonly notice: string | undefined;
  /** A new version of the page waits to take over. */
  readonly updateReady: boolean;
  /** Words that were shared with the page, for the composer. */
  readonly offeredText: string;
}

export function initialState(options: {
  readonly conversationId: string;
  readonly settings?: Settings;
  readonly presets?: readonly Preset[];
  readonly theme?: Theme;
  readonly language?: LanguageChoice | undefined;
  readonly lastModel?: ModelChoice | undefined;
}): AppState {
  return {
    phase: { kind: 'starting' },
    info: undefined,
    selfTest: undefined,
    samples: [],
    catalogue: [],
    cached: [],
    storage: undefined,
    conversation: emptyConversation(options.conversationId),
    history: [],
    attachments: [],
    settings: options.settings ?? DEFAULT_SETTINGS,
    presets: options.presets ?? [],
    theme: options.theme ?? 'system',
    language: options.language,
    lastModel: options.lastModel,
    loadedWith: undefined,
    announcement: '',
    notice: undefined,
    updateReady: false,
    offeredText: '',
  };
}

/** The graphics card's name as far as the browser tells it; undefined for a software stand-in, which has its own warning. */
export function hardwareName(info: EngineInfo | undefined): string | undefined {
  const device = info?.device;
  if (device === undefined || device.software) return undefined;
  return [device.description, [device.vendor, device.architecture].filter((part) => part !== '').join(' ')].find(
    (name) => name !== '',
  );
}

/** The model that can answer now, whatever else is on the screen. */
export function loadedModel(phase: Phase): LoadedModel | undefined {
  switch (phase.kind) {
    case 'ready':
      return phase.model;
    case 'choosing':
    case 'inspecting':
    case 'consent':
    case 'failed':
      return phase.loaded;
    case 'starting':
    case 'noWebGpu':
    case 'loading':
    case 'workerLost':
      return undefined;
  }
}

/** True when the model that can answer now is the one that comes with the page. */
export function builtInIsLoaded({ phase, lastModel }: AppState): boolean {
  return loadedModel(phase) !== undefined && lastModel?.builtIn === true;
}

/** The model that is on its way in, or that failed to come in. */
export function choiceUnderWay(phase: Phase): ModelChoice | undefined {
  switch (phase.kind) {
    case 'inspecting':
    case 'consent':
    case 'loading':
    case 'failed':
    case 'workerLost':
      return phase.choice;
    case 'starting':
    case 'noWebGpu':
    case 'choosing':
    case 'ready':
      return undefined;
  }
}

/** The kept model that was used last, to be offered first; by recency where the page does not remember. */
export function modelToContinue(state: AppState): CachedModel | undefined {
  const { lastModel, cached } = state;
  const remembered = lastModel?.source.kind === 'cached' ? lastModel.source.id : undefined;
  return cached.find((model) => model.id === remembered);
}

/** True when a setting that only a load can apply is not what the loaded model has. */
export function needsReload(settings: Settings, loadedWith: Settings | undefined): boolean {
  if (loadedWith === undefined) return false;
  return (['contextLength', 'kvType', 'precision'] as const).some((name) => settings[name] !== loadedWith[name]);
}
