/**
 * Every sentence the page says, in one place, in English; strings.zh.ts has them in Chinese. What the engine says (the messages of its errors) comes from the engine.
 */
import type { FinishReason, KvType, Precision, LoadPhase } from '../worker/api.ts';
import { failures } from './failure-strings.ts';
import { preset } from './state/presets.ts';
import type { NumberSetting } from './state/settings.ts';
import type { Remedy } from './state/remedy.ts';

export const english = {
  /** Of numbers and dates. */
  locale: 'en',
  product: 'Linnet',
  skipToChat: 'Skip to the conversation',
  tagline: 'A language model that lives in this page.',
  promise: 'It runs on your own graphics card. What you type never leaves this device.',
  starting: 'Waking up the engine…',
  changeModel: 'Change model',
  newChat: 'New chat',
  settings: 'Settings',
  chats: 'Conversations',
  versionOf: (shown: number, count: number) => `Version ${String(shown)} of ${String(count)}`,
  olderVersion: 'Version before',
  newerVersion: 'Version after',
  themeToDark: 'Switch to dark colours',
  themeToLight: 'Switch to light colours',
  close: 'Close',
  dismiss: 'Dismiss',
  updateReady: 'A new version of this page is here. It takes over when you load the page again.',
  updateApply: 'Load it now',
  save: 'Save',

  continueWith: (name: string) => `Continue with ${name}`,
  continueHint: 'Already on this device, nothing to download',
  resume: (name: string) => `Resume ${name}`,
  resumeHint: (stored: string, total: string) => `${stored} of ${total} are here already`,
  backToChat: 'Back to the chat',
  pickModel: 'Pick a model',
  recommended: 'Good first choice',
  builtIn: 'Comes with the page',
  approximately: (size: string) => `about ${size}`,
  contextTokens: (count: string) => `${count} tokens of context`,
  ownModel: 'Or bring your own',
  sourceLabel: 'Address of a GGUF file, or a Hugging Face repository',
  sourcePlaceholder: 'owner/name or https://…/model.gguf',
  sourceEmpty: 'Paste an address or a repository first.',
  sourceInvalid: 'This is neither a web address nor an owner/name repository. Check it and try again.',
  look: 'Look',
  chooseFile: 'Choose a .gguf file',
  dropHint: 'or drop one anywhere on this page',
  dropHere: 'Drop a .gguf file to open it, or text files to ask about them',
  kept: 'On this device',
  keptEmpty: 'Nothing yet. A model you download is kept here and works without a network.',
  load: 'Load',
  resumeDownload: 'Resume',
  remove: 'Delete',
  removeAsk: (name: string) => `Delete ${name} from this device? It can be downloaded again.`,
  keptSize: (size: string) => `${size}, complete`,
  keptPart: (stored: string, total: string) => `${stored} of ${total}`,
  storageUsed: (used: string, quota: string) => `${used} used of ${quota} this browser grants`,
  lastUsed: (when: string) => `last used ${when}`,
  inspecting: (name: string) => `Reading the header of ${name}…`,
  cancel: 'Cancel',

  consentTitle: (name: string) => `Load ${name}?`,
  consentDownload: 'Download',
  consentStart: 'Load',
  consentSize: 'Download',
  consentFileSize: 'File',
  consentHere: (size: string) => `${size}, already on this device`,
  consentMemory: 'Graphics memory',
  consentMemoryDetail: (weights: string, kv: string) => `${weights} weights, ${kv} for the context`,
  consentContext: 'Context',
  consentContextDetail: (planned: string, full: string) => `${planned} of the model’s ${full} tokens`,
  consentModel: 'Model',
  consentLicence: 'Licence',
  consentLicenceUnknown: 'Not stated in the file. Check its source before you rely on it.',
  consentKeep: 'Keep it on this device, so that it loads without a download next time',
  consentNoSpace: (needed: string, free: string) =>
    `Not enough space to keep it: it needs ${needed} and the browser grants ${free}. Delete a model below, or load it once without keeping it.`,
  fits: 'Fits on this device',
  fitsTight: 'May be too much for this device. A smaller model is the safer choice.',
  fitsUnknown: 'The browser does not tell how much graphics memory there is. If loading fails, choose a smaller model.',

  phase: {
    resolving: 'Finding the file',
    downloading: 'Downloading',
    uploading: 'Moving the weights to the graphics card',
    compiling: 'Preparing the kernels',
    ready: 'Ready',
  } satisfies Record<LoadPhase, string>,
  loadingModel: (name: string) => `Loading ${name}`,
  progressOf: (done: string, total: string) => `${done} of ${total}`,
  remaining: (time: string) => `${time} left`,
  fewSeconds: 'a few seconds',
  aboutSeconds: (count: string) => `about ${count} s`,
  aboutMinutes: (count: string) => `about ${count} min`,
  aboutHours: (count: string) => `about ${count} h`,
  keepOpen: 'Keep this page open. If the download is interrupted it goes on where it stopped.',

  conversation: 'Conversation',
  emptyTitle: 'Ask it something',
  modelNotes: 'About this model',
  emptyHint: (name: string) => `${name} is ready, on this device.`,
  builtInTitle: 'A first model is already here',
  /** One line on what answers. */
  builtInHint: (name: string) =>
    `You are talking to ${name}, a very small model made for trying Linnet. It knows a few facts and tricks, and is often wrong beyond them.`,
  builtInShort: (name: string) => `${name} is very small.`,
  largerModel: 'Choose a larger model',
  builtInSuggestions: [
    'What is WebGPU?',
    'Who are you?',
    'Make an object with name, age and city. The text: Mira is 34 and lives in Lisbon.',
    'Write a little story with a fox, a forest and a lantern.',
  ],
  suggestions: [
    'Tell me a short story about a bird.',
    'Explain photosynthesis to a ten-year-old.',
    'Write a haiku about the sea.',
  ],
  composerLabel: 'Message',
  composerPlaceholder: 'Write a message',
  composerHint: 'Enter sends, Shift+Enter starts a new line, Esc stops',
  send: 'Send',
  stop: 'Stop',
  you: 'You',
  assistant: 'Answer',
  edit: 'Edit',
  editLabel: 'Edit your message',
  editSave: 'Send again',
  editHint: 'What followed will be replaced.',
  regenerate: 'Regenerate',
  copy: 'Copy',
  copied: 'Copied',
  copyCode: 'Copy code',
  retry: 'Try again',
  jumpToEnd: 'Jump to the end',
  waiting: 'Thinking…',
  reading: (done: string, total: string) => `Reading, ${done} of ${total} tokens`,
  stopping: 'Stopping…',
  emptyAnswer: 'The model had nothing to say.',
  tokensPerSecond: (rate: string) => `${rate} tokens/s`,
  firstToken: (time: string) => `first token ${time}`,
  tokens: (count: string) => `${count} tokens`,
  contextUsed: (used: string, total: string) => `${used} of ${total} tokens of context`,
  contextUsedShort: (used: string, total: string) => `Context ${used} / ${total}`,
  finish: { stop: '', length: 'Cut off at the length limit', aborted: 'Stopped', toolCalls: '' } satisfies Record<
    FinishReason,
    string
  >,
  contextIsFull: 'The context is full. Start a new chat, or load the model with a longer context.',
  turnsDropped: (count: number) =>
    count === 1
      ? 'The oldest message no longer fitted and was left out.'
      : `The ${String(count)} oldest messages no longer fitted and were left out.`,

  thinking: 'Thinking…',
  thought: 'Thought',
  toolCall: (name: string) => (name === '' ? 'Wants to call a tool' : `Wants to call ${name}`),
  attach: 'Attach text files',
  attached: 'Attached files',
  attachment: (name: string, tokens: string) => `${name}, ${tokens} tokens`,
  detach: (name: string) => `Take ${name} away`,
  pastedName: 'pasted.txt',
  attachmentTooLong: (name: string, free: string) =>
    `${name} is too long: files may take ${free} more tokens here. A longer context can be set in the settings.`,
  attachmentNoText: (name: string) => `${name} is no text file.`,

  deviceSoftware:
    'No graphics card is in use, so answers come slowly. Turn on hardware acceleration in the browser’s settings.',
  device: (name: string) => `Runs on ${name}`,
  deviceUnknown: 'your graphics card',
  bench: 'Measure it',

  settingsTitle: 'Settings',
  language: 'Language',
  languageAuto: 'As the browser',
  preset: 'Preset',
  ownPreset: 'Own settings',
  savePreset: 'Keep as a preset',
  presetName: 'Name of the preset',
  deletePreset: 'Delete this preset',
  presets: [
    preset('default', 'As the model recommends', {}),
    preset('precise', 'Precise', {
      systemPrompt: 'Answer briefly and exactly. Say so when you do not know something.',
      temperature: 0.2,
      topP: 0.9,
    }),
    preset('creative', 'Creative', {
      systemPrompt: 'You are an imaginative writer. Surprise the reader, and avoid worn phrases.',
      temperature: 1,
      minP: 0.05,
    }),
    preset('code', 'Code', {
      systemPrompt: 'You are a careful programmer. Answer with working code and few words.',
      temperature: 0.2,
    }),
    preset('teacher', 'Teacher', {
      systemPrompt: 'You are a patient teacher. Explain step by step, in simple words, with an example.',
      temperature: 0.5,
    }),
  ],
  systemPrompt: 'System prompt',
  systemPromptHint: 'What the model should know or be before the first message.',
  sampling: 'Sampling',
  loading: 'Memory',
  automatic: 'automatic',
  random: 'random',
  noLimit: 'no limit',
  number: {
    temperature: { label: 'Temperature', hint: '0 always takes the likeliest word' },
    topK: { label: 'Top-k', hint: 'Likeliest words to choose from; 0 for all' },
    topP: { label: 'Top-p', hint: 'Share of probability to choose from' },
    minP: { label: 'Min-p', hint: 'Floor, relative to the likeliest word' },
    repetitionPenalty: { label: 'Repetition penalty', hint: '1 is none' },
    seed: { label: 'Seed', hint: 'The same seed gives the same text' },
    maxTokens: { label: 'Longest answer', hint: 'In tokens' },
    contextLength: { label: 'Context length', hint: 'In tokens; more needs more memory' },
  } satisfies Record<NumberSetting, { label: string; hint: string }>,
  kvType: 'Context precision',
  kvTypes: {
    auto: 'Automatic',
    f32: '32 bit, exact',
    f16: '16 bit',
    q8_0: '8 bit, half the memory of 16',
    q4_0: '4 bit, a quarter of it, less accurate',
  } satisfies Record<KvType | 'auto', string>,
  precision: 'Computing',
  precisions: {
    exact: 'Exact',
    int8: 'Rounded to 8 bit: often faster, slightly less accurate',
  } satisfies Record<Precision, string>,
  overflow: 'When the context is full',
  overflows: { dropOldestTurns: 'Leave out the oldest messages', stop: 'Stop and say so' },
  probabilities: 'Show probabilities of tokens',
  probabilitiesHint: 'Point at a word to see what else the model considered. For answers from now on.',
  alternatives: 'Alternatives',
  applyReload: 'Reload the model to apply',
  resetSettings: 'Back to the defaults',

  noWebGpuTitle: 'This browser cannot reach the graphics card',
  noWebGpuSteps: [
    'Use a current Chrome, Edge, Safari or Firefox; WebGPU must be available in it.',
    'Turn on hardware acceleration in the browser’s settings, then restart the browser.',
    'Open the page over https (or from this machine).',
  ],
  workerLostTitle: 'The engine stopped',

  remedy: {
    retry: 'Try again',
    chooseModel: 'Choose another model',
    restart: 'Start the engine again',
    reloadModel: 'Load the model again',
    loadWithoutKeeping: 'Load without keeping it',
    openSettings: 'Open the settings',
    newChat: 'Start a new chat',
    reloadPage: 'Reload the page',
  } satisfies Record<Remedy, string>,

  engineIsBack: { title: 'The model is loaded again', advice: 'This answer was interrupted. Ask for it once more.' },
  /** For an `InvalidRequest` that came from looking at a model or loading it. */
  invalidSource: { title: 'This model cannot be opened', advice: 'Choose another one. What was wrong:' },
  failure: failures,
};

/** Its shape, in any language. */
export type Strings = typeof english;

/** In the language that is spoken; what stands here is looked up when something is rendered. */
export let strings: Strings = english;

/** For language.ts alone. */
export function setStrings(words: Strings): void {
  strings = words;
}
