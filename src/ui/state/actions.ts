/**
 * Everything a visitor can do, as functions a view can call. Views know these and the state, and nothing of who does it.
 */
import type { CachedModel, ModelSource } from '../../worker/api.ts';
import type { LanguageChoice, Theme } from './app-state.ts';
import type { TurnId } from './conversation.ts';
import type { Preset } from './presets.ts';
import type { Settings } from './settings.ts';

export interface ModelActions {
  /** Shows the list of models; the loaded one stays usable. */
  readonly chooseModel: () => void;
  readonly backToChat: () => void;
  /** Reads the header, then asks. */
  readonly inspect: (source: ModelSource) => void;
  /** Loads the model that comes with the page, unasked: it is small and a part of the page. */
  readonly loadBuiltIn: () => void;
  readonly acceptConsent: (options: { readonly keep: boolean }) => void;
  readonly declineConsent: () => void;
  readonly cancel: () => void;
  /** Loads a kept model at once where everything it needs is here; asks first where some of it is not. */
  readonly loadCached: (model: CachedModel) => void;
  readonly deleteCached: (model: CachedModel) => void;
  readonly retry: () => void;
  readonly loadWithoutKeeping: () => void;
  /** A new worker, and the last model in it. */
  readonly restart: () => void;
  /** The loaded model again, with the load settings of now. */
  readonly reloadModel: () => void;
  /** Asks the engine anew what it runs on and what it found out about it. */
  readonly inspectDevice: () => void;
}

export interface ConversationActions {
  readonly send: (text: string) => void;
  readonly stop: () => void;
  readonly regenerate: () => void;
  readonly edit: (id: TurnId, text: string) => void;
  readonly newChat: () => void;
  /** Shows another version of a question or an answer, by the id of its turn. */
  readonly showVersion: (id: TurnId) => void;
}

/** Files for the next question. */
export interface AttachmentActions {
  readonly attach: (files: Iterable<File>) => void;
  readonly detach: (index: number) => void;
}

/** The conversations that are kept on this device. */
export interface HistoryActions {
  readonly openChat: (id: string) => void;
  readonly renameChat: (id: string, title: string) => void;
  readonly deleteChat: (id: string) => void;
  /** One as Markdown. */
  readonly exportChat: (id: string) => void;
  /** All of them as JSON, which `importChats` reads. */
  readonly exportChats: () => void;
  readonly importChats: (file: File) => Promise<void>;
}

export interface PageActions {
  readonly changeSettings: (change: Partial<Settings>) => void;
  readonly resetSettings: () => void;
  readonly applyPreset: (preset: Preset) => void;
  /** Keeps the system prompt and the sampling of now under a name. */
  readonly savePreset: (name: string) => void;
  readonly deletePreset: (preset: Preset) => void;
  readonly setTheme: (theme: Theme) => void;
  readonly setLanguage: (language: LanguageChoice) => void;
  readonly dismissNotice: () => void;
  /** Changes to the new version of the page that is waiting; the page loads again. */
  readonly applyUpdate: () => void;
  /** Leaves it for the next visit. */
  readonly declineUpdate: () => void;
  readonly reloadPage: () => void;
}

export type Actions = ModelActions & ConversationActions & AttachmentActions & HistoryActions & PageActions;
