/**
 * A scripted engine behind a real MessagePort and a real Comlink, so that the client and the page are exercised as they
 * will be used. For tests and for testing/fake.html only: no production entry imports it. It computes nothing.
 */
import * as Comlink from 'comlink';
import type {
  CachedModel,
  DeviceRates,
  DeviceReport,
  Engine,
  EngineInfo,
  EngineStats,
  GenerateRequest,
  GenerationEvent,
  GenerationResult,
  InspectOptions,
  LinnetErrorName,
  LoadedModel,
  LoadProgress,
  LoadRequest,
  ModelInspection,
  ModelSource,
  OnEvents,
  OnProgress,
  SelfTestReport,
} from '../../worker/api.ts';
import type { ParsedEvent } from '../../worker/tools/tool-parser.ts';
import { fakeConversations } from './fake-conversations.ts';
import { eventOf, parserFor } from './fake-tools.ts';

export interface FakeScript {
  readonly answer: string;
  /** Of the generations in turn, what the model writes; then `answer`. */
  readonly answers: readonly string[];
  /** As of a loaded model; undefined: it takes no tools. */
  readonly toolFormat: string | undefined;
  /** Between two batches of events. */
  readonly tickMs: number;
  readonly fileBytes: number;
  readonly noWebGpuReason?: string;
  readonly software?: boolean;
  readonly cached: readonly CachedModel[];
  readonly quotaBytes: number;
  /** Calls that fail, by their method. */
  readonly fail: Partial<
    Record<'info' | 'inspect' | 'load' | 'prompt' | 'generate', { name: LinnetErrorName; message: string }>
  >;
  readonly numDropped: number;
  /** Of a model, and of each answer. */
  readonly notes: { readonly model: readonly string[]; readonly answer: readonly string[] };
  /** What the header says the file weighs on the GPU. */
  readonly inspection: Partial<ModelInspection>;
  readonly selfTest: SelfTestReport;
}

const UNTOUCHED: SelfTestReport = {
  families: [],
  struckOut: [],
  unchecked: [],
  numKernelsTested: 0,
  numKernelsRemembered: 0,
  numDispatches: 0,
  testingMs: 0,
  timingMs: 0,
};

export const DEFAULT_SCRIPT: FakeScript = {
  answer: 'Once upon a time there was a small brown bird.',
  answers: [],
  toolFormat: 'hermes',
  tickMs: 1,
  fileBytes: 807_694_464,
  cached: [],
  quotaBytes: 40e9,
  fail: {},
  numDropped: 0,
  notes: { model: [], answer: [] },
  inspection: {},
  selfTest: UNTOUCHED,
};

const DEVICE: DeviceReport = {
  vendor: 'acme',
  architecture: 'feather-2',
  description: 'Acme Feather 2',
  software: false,
  features: ['shader-f16', 'subgroups'],
  limits: { maxStorageBufferBindingBytes: 2 ** 30, maxBufferBytes: 2 ** 30, maxWorkgroupStorageBytes: 32768 },
  subgroupSize: { min: 32, max: 32 },
  variants: {},
};

const RATES: DeviceRates = {
  bytesPerSecond: { copyCommand: 200e9, copyKernel: 190e9, readKernel: 210e9 },
  flopsPerSecond: 20e12,
  int8OpsPerSecond: undefined,
  dequantDotPerSecond: { Q4_K: 1e12 },
  measuringMs: 900,
};

const STATS: Omit<EngineStats, 'selfTest'> = {
  numSteps: 1,
  numDispatches: 120,
  numSubmits: 1,
  numPromptRows: 0,
  numGeneratedRows: 1,
  numWaits: 0,
  numCachedTokens: 0,
  numSequenceSteps: 1,
  numDraftTokens: 0,
  numAcceptedDraftTokens: 0,
  numDiscardedTokens: 0,
  weightBytesRead: 700e6,
  kvBytesRead: 4e6,
  numBuffersCreated: 10,
  numBindGroupsCreated: 10,
  bufferBytes: 900e6,
  peakBufferBytes: 900e6,
  networkBytes: 807_694_464,
  kvCache: { heldTokens: 512, totalTokens: 4096 },
  precision: 'exact',
  lastDecodeStep: { numDispatches: 115, numSubmits: 1, weightBytesRead: 700e6, kvBytesRead: 4e6 },
};

/** An engine, and what the test may look at. */
export class FakeEngine {
  readonly inspections: { readonly source: ModelSource; readonly options: InspectOptions | undefined }[] = [];
  readonly loads: LoadRequest[] = [];
  readonly generations: GenerateRequest[] = [];
  readonly aborted: string[] = [];
  /** What was done with conversations. */
  readonly sessions: string[] = [];
  #cached: readonly CachedModel[];
  readonly #script: FakeScript;

  constructor(script: Partial<FakeScript> = {}) {
    this.#script = { ...DEFAULT_SCRIPT, ...script };
    this.#cached = this.#script.cached;
  }

  /** A port to this engine, as a client's `open` wants it. */
  open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    Comlink.expose(this.engine, port1);
    return port2;
  }

  readonly engine: Engine = {
    info: () => this.#info(),
    stats: () => Promise.resolve({ ...STATS, selfTest: this.#script.selfTest }),
    measureRates: async (_client, request) => {
      await this.#tick(request);
      return RATES;
    },
    inspect: async (_client, request, source, options) => {
      this.inspections.push({ source, options });
      await this.#tick(request);
      this.#failIfScripted('inspect');
      return this.#inspection();
    },
    load: (request, onProgress) => this.#load(request, onProgress),
    unload: () => Promise.resolve(),
    generate: (request, onEvents) => this.#generate(request, onEvents),
    embed: ({ inputs, pooling: by }) =>
      Promise.resolve({ embeddings: inputs.map(() => Float32Array.of(1, +(by === 'last'))), numTokens: inputs.length }),
    abort: (_client, request) => {
      this.aborted.push(request);
      return Promise.resolve();
    },
    tokenize: (_model, text) => Promise.resolve([...text].map((character) => character.codePointAt(0) ?? 0)),
    detokenize: (_model, ids) => Promise.resolve(ids.map((id) => String.fromCodePoint(id)).join('')),
    ...fakeConversations(this.sessions),
    listCached: () => Promise.resolve(this.#cached),
    deleteCached: (id) => {
      this.#cached = this.#cached.filter((model) => model.id !== id);
      return Promise.resolve();
    },
    storage: () =>
      Promise.resolve({ usedBytes: this.#usedBytes(), quotaBytes: this.#script.quotaBytes, persisted: true }),
  };

  #info(): Promise<EngineInfo> {
    this.#failIfScripted('info');
    const { noWebGpuReason, software = false } = this.#script;
    return Promise.resolve({
      version: '0.0.0',
      state: 'idle',
      device: noWebGpuReason === undefined ? { ...DEVICE, software } : undefined,
      noWebGpuReason,
    });
  }

  #inspection(): ModelInspection {
    const { fileBytes } = this.#script;
    return {
      name: 'Llama 3.2 1B Instruct',
      architecture: 'llama',
      weightType: 'Q4_K',
      numParameters: 1_235_814_400,
      fileBytes,
      contextLength: 131072,
      licence: 'llama3.2',
      cached: false,
      gpuBytes: { weights: fileBytes, kvCache: 134_217_728, scratch: 50_000_000 },
      plannedContextLength: 4096,
      multiplied: { layers: { Q4_K: 1_000_000_000 }, head: { Q4_K: 235_000_000 } },
      ...this.#script.inspection,
    };
  }

  async #load(request: LoadRequest, onProgress: OnProgress): Promise<LoadedModel> {
    this.loads.push(request);
    const inspection = this.#inspection();
    const total = inspection.fileBytes;
    for (let step = 0; step <= 10; step += 1) {
      await this.#tick(request.request);
      if (step === 3) this.#failIfScripted('load');
      const progress: LoadProgress = {
        request: request.request,
        phase: step < 9 ? 'downloading' : 'uploading',
        doneBytes: (total * step) / 10,
        totalBytes: total,
        networkBytes: (total * step) / 10,
        bytesPerSecond: 24_600_000,
        remainingMs: ((10 - step) * total) / 246_000,
      };
      onProgress(progress);
    }
    const id = 'kept-1';
    const kept: CachedModel = {
      id,
      name: inspection.name,
      url: undefined,
      sizeBytes: total,
      storedBytes: total,
      complete: true,
      lastUsedMs: 1,
    };
    const isKept = request.keep !== false;
    if (isKept) this.#cached = [kept, ...this.#cached.filter((model) => model.id !== id)];
    return {
      handle: `model-${String(this.loads.length)}`,
      cacheId: isKept ? id : undefined,
      inspection,
      contextLength: request.contextLength ?? inspection.plannedContextLength,
      precision: request.precision ?? 'exact',
      vocabSize: 128256,
      task: 'generation',
      isChatModel: true,
      ...(this.#script.toolFormat === undefined ? {} : { toolFormat: this.#script.toolFormat }),
      recommendedSampling: {},
      notes: this.#script.notes.model,
      timings: { totalMs: 1000, uploadMs: 100, compileMs: 100 },
    };
  }

  async #generate(request: GenerateRequest, onEvents: OnEvents): Promise<GenerationResult> {
    this.generations.push(request);
    this.#failIfScripted('prompt');
    let delivered: unknown;
    const send = (...events: readonly GenerationEvent[]): void => {
      delivered = onEvents(events);
    };
    const answer = this.#script.answers[this.generations.length - 1] ?? this.#script.answer;
    const words = answer.match(/\s*\S+/g) ?? [];
    const tools = parserFor(request, this.#script.toolFormat);
    /** What of it is text. */
    const tell = (events: readonly ParsedEvent[]): string => {
      if (events.length > 0) send(...events.map(eventOf));
      return events.map((event) => (event.kind === 'text' ? event.text : '')).join('');
    };
    send({ kind: 'started', numPromptTokens: 32, numCachedTokens: 0, seed: request.sampling?.seed ?? 7 });
    if (this.#script.numDropped > 0) {
      send({ kind: 'turnsDropped', messages: Array.from({ length: this.#script.numDropped }, (_, index) => index) });
    }
    for (const note of this.#script.notes.answer) send({ kind: 'note', text: note });
    await pause(this.#script.tickMs * 4);
    let text = '';
    for (const word of words) {
      await pause(this.#script.tickMs);
      if (this.aborted.includes(request.request)) {
        await delivered;
        return result(request, text, 'aborted');
      }
      if (text.length > 20) this.#failIfScripted('generate');
      if (request.sampling?.topLogprobs !== undefined) send(report(word, request.sampling.topLogprobs));
      text += tell(tools?.push(word) ?? [{ kind: 'text', text: word }]);
      if (tools?.isDone === true) break;
    }
    text += tell(tools?.end() ?? []);
    const toolCalls = tools?.calls ?? [];
    if (request.sampling?.topLogprobs !== undefined) send({ ...report('</s>', 0), isEnd: true });
    await delivered;
    if (toolCalls.length === 0) return result(request, text, 'stop');
    return { ...result(request, text, 'toolCalls'), toolCalls };
  }

  #usedBytes(): number {
    return this.#cached.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  }

  async #tick(request: string): Promise<void> {
    await pause(this.#script.tickMs);
    if (this.aborted.includes(request)) throw named('Aborted', 'The request was aborted.');
  }

  #failIfScripted(method: keyof FakeScript['fail']): void {
    const failure = this.#script.fail[method];
    if (failure !== undefined) throw named(failure.name, failure.message);
  }
}

function result(
  request: GenerateRequest,
  text: string,
  finishReason: GenerationResult['finishReason'],
): GenerationResult {
  const numGeneratedTokens = Math.ceil(text.length / 4);
  return {
    request: request.request,
    text,
    finishReason,
    numPromptTokens: 32,
    numCachedTokens: 0,
    numGeneratedTokens,
    numForcedTokens: 0,
    speculation: { numSteps: numGeneratedTokens, numDraftTokens: 0, numAcceptedTokens: 0 },
    contextUsed: 32 + numGeneratedTokens,
    contextLength: 4096,
    timings: {
      timeToFirstTokenMs: 212,
      prefillMs: 180,
      decodeMs: numGeneratedTokens * 20,
      prefillTokensPerSecond: 178,
      decodeTokensPerSecond: 48.3,
    },
  };
}

/** Each alternative is half as likely as the one before it, the chosen token the first of them. */
function report(text: string, numTop: number) {
  const top = Array.from({ length: numTop }, (_, rank) => {
    const name = rank === 0 ? text : `${text}${String(rank)}`;
    return { token: rank, text: name, bytes: [...new TextEncoder().encode(name)], logprob: (rank + 1) * Math.log(0.5) };
  });
  const chosen = { token: 0, text, bytes: [...new TextEncoder().encode(text)], logprob: Math.log(0.5) };
  return { kind: 'logprobs', chosen, top, isEnd: false } as const;
}

/** As the worker throws them: only the name and the message survive the wire. */
function named(name: LinnetErrorName, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
