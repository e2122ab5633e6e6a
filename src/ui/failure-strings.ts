/** What a person is told about each error, in English: what happened, and what to do about it. */
import type { LinnetErrorName } from '../worker/api.ts';

export const failures = {
  NotGguf: { title: 'This is not a GGUF file', advice: 'Choose a file that ends in .gguf.' },
  UnsupportedGgufVersion: {
    title: 'This GGUF version is not supported',
    advice: 'Choose a newer copy of the model.',
  },
  GgufTruncated: { title: 'The file is incomplete', advice: 'Download it again, or choose another copy.' },
  GgufInvalid: { title: 'The file is damaged', advice: 'Download it again, or choose another copy.' },
  UnsupportedTensorType: {
    title: 'The weights are of a type Linnet cannot read yet',
    advice: 'Choose a Q4_K_M, Q4_0, Q8_0 or F16 file of the same model.',
  },
  UnsupportedArchitecture: {
    title: 'This kind of model is not supported yet',
    advice: 'Choose a model of the list, or one of another family.',
  },
  UnsupportedTokenizer: {
    title: 'This model’s tokenizer is not supported yet',
    advice: 'Choose a model of the list.',
  },
  MissingTensor: { title: 'The file lacks a part of the model', advice: 'Choose another copy of it.' },
  NetworkFailed: {
    title: 'The network failed',
    advice: 'Check the connection. What was downloaded is kept, and the download goes on from there.',
  },
  HttpFailed: { title: 'The server refused', advice: 'Check the address, or try again later.' },
  RepositoryNotFound: {
    title: 'No such repository',
    advice: 'Check its name; private and gated ones cannot be read.',
  },
  SourceChanged: { title: 'The file changed while it was downloaded', advice: 'Try again to get the new one.' },
  StorageFull: {
    title: 'Not enough space on this device',
    advice: 'Delete a model you no longer need, or load this one without keeping it.',
  },
  StorageUnavailable: {
    title: 'The browser does not let this page store anything',
    advice: 'Leave private browsing, or load the model without keeping it.',
  },
  CacheCorrupt: {
    title: 'The stored copy is damaged',
    advice: 'Try again: only the damaged part is downloaded anew.',
  },
  NoWebGpu: {
    title: 'This browser cannot reach the graphics card',
    advice: 'Use a browser with WebGPU, then reload.',
  },
  DeviceLost: { title: 'The graphics card was lost', advice: 'Start the engine again; the model is still here.' },
  OutOfMemory: {
    title: 'Not enough graphics memory',
    advice: 'Set a shorter context in the settings and try again, close other pages, or choose a smaller model.',
  },
  LimitExceeded: {
    title: 'Too large for this graphics card',
    advice: 'Set a shorter context in the settings and try again, or choose a smaller model.',
  },
  ShaderFailed: {
    title: 'The kernels do not work on this device',
    advice: 'Update the browser or the graphics driver, or use another browser.',
  },
  InvalidRequest: { title: 'A setting is out of range', advice: 'Check the settings.' },
  ContextFull: {
    title: 'The conversation no longer fits',
    advice: 'Start a new chat, or let the oldest messages be left out (in the settings).',
  },
  ModelNotLoaded: {
    title: 'The model is no longer loaded',
    advice: 'Load it again; nothing needs to be downloaded.',
  },
  TemplateFailed: { title: 'The model’s chat template failed', advice: 'Choose another copy of the model.' },
  GrammarFailed: { title: 'The wanted form of the answer cannot be kept', advice: 'Check the schema or grammar.' },
  SessionInvalid: {
    title: 'The saved conversation cannot be taken up',
    advice: 'Load the model it was saved with, with the same settings; or start a new chat.',
  },
  Aborted: { title: 'Stopped', advice: 'Try again whenever you like.' },
  RemoteFailed: { title: 'The server failed', advice: 'Try again later, or choose a model on this device.' },
  WorkerFailed: {
    title: 'The engine stopped',
    advice: 'What was said is still here. A model that was kept loads again without a download.',
  },
  BlockedByPolicy: {
    title: 'The security policy of this page blocks it',
    advice: 'The owner of the page can allow it.',
  },
  Internal: {
    title: 'Something went wrong',
    advice: 'Start the engine again. If it happens twice, please report it.',
  },
} satisfies Record<LinnetErrorName, { title: string; advice: string }>;
