/**
 * Conversations of a loaded model as bytes, out of its caches and into them, and forks of them. While caches are read or written no step
 * is made. Knows no requests for text, and not where bytes come from or go.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import type { RestoredConversation, SavedConversation } from '../api-session.ts';
import { LinnetError } from '../errors.ts';
import { readSpans, writeSpans } from '../gpu/transfer.ts';
import { cachedLayers, cacheSpans, clearBehind, stateBytes, type CacheExtent } from '../model/cache-spans.ts';
import { BLOCK_TOKENS } from '../model/kv-pool.ts';
import type { ModelRunner } from '../model/runner.ts';
import { resolveSamplingParams } from '../sampling/params.ts';
import type { ConversationLog } from '../scheduler/conversation-log.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { unknownConversation, type Conversations, type Remembered } from '../serving/conversations.ts';
import { classesOfAnswer } from '../serving/request.ts';
import {
  beginSession,
  readSession,
  sealSession,
  sessionInvalid,
  type ReadSession,
  type SessionTokens,
} from './format.ts';
import type { SessionHeader, SessionModel } from './header.ts';

/** Which model file it is. */
export interface ModelIdentity {
  readonly name: string;
  readonly fingerprint: string;
}

export interface SessionsParts {
  readonly identity: ModelIdentity;
  readonly runner: ModelRunner;
  readonly scheduler: Scheduler;
  readonly conversations: Conversations;
  readonly log: ConversationLog;
  /** Runs a task between two steps. */
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>;
  /** Whether an answer of the conversation is on its way. */
  readonly isAnswering: (key: string) => boolean;
  /** Forgets all that is computed, within a task: what was written cannot be trusted. */
  readonly forgetComputed: () => Promise<void>;
}

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #closing = new AbortController();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** @throws InvalidRequest, OutOfMemory; the signal's reason; what `close` was given */
  async save(key: string, note: string | undefined, signal: AbortSignal): Promise<SavedConversation> {
    const { runner, scheduler, alone } = this.#parts;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const { bytes, header } = await alone(async () => {
      either.throwIfAborted();
      const remembered = this.#idle(key);
      const all = this.#classed(key, remembered);
      const places = scheduler.locate({ tokens: all.tokens.slice(0, -1), classes: all.classes.slice(0, -1) });
      const extent: CacheExtent = {
        numComputed: places.numTokens,
        firstWindowBlock: (places.windowBlocks?.lastIndexOf(undefined) ?? -1) + 1,
        hasState: places.state !== undefined,
      };
      const begun = this.#headerOf(remembered, extent, note);
      const session = beginSession(begun, all);
      await readSpans(runner.gpu, cacheSpans(runner, places, extent), session.cache, either);
      clearBehind(session.cache, runner.plan, extent);
      return { bytes: session.bytes, header: begun };
    });
    await sealSession(bytes);
    return { bytes, numTokens: header.numTokens, numComputedTokens: header.numComputed };
  }

  /** @throws SessionInvalid, ContextFull, InvalidRequest; the signal's reason; what `close` was given. Nothing is changed then. */
  async restore(key: string, source: ByteSource, signal: AbortSignal): Promise<RestoredConversation> {
    const { alone, conversations } = this.#parts;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const session = await readSession(source, either);
    const { header } = session;
    this.#check(session);
    await alone(async () => {
      either.throwIfAborted();
      this.#throwIfAnswering(key);
      await this.#write(session, source);
      conversations.set(key, rememberedOf(session));
      this.#record(key, session);
    });
    return {
      numTokens: header.numTokens,
      numComputedTokens: header.numComputed,
      sameDevice: header.device === this.#device,
      note: header.note,
    };
  }

  /** @throws InvalidRequest */
  fork(key: string, asNew: string): Promise<void> {
    const { conversations, alone } = this.#parts;
    return alone(() => {
      const remembered = this.#idle(key);
      this.#throwIfAnswering(asNew);
      const all = this.#classed(key, remembered);
      conversations.set(asNew, remembered);
      this.#record(asNew, all);
      return Promise.resolve();
    });
  }

  /** Ends what is under way with the error; resolves when it has ended. */
  async close(error: LinnetError): Promise<void> {
    this.#closing.abort(error);
    await this.#parts.alone(() => Promise.resolve());
  }

  async #write({ header, cacheOffsetBytes, tokens, classes }: ReadSession, source: ByteSource): Promise<void> {
    const { runner, scheduler, forgetComputed } = this.#parts;
    const { numComputed } = header;
    if (numComputed === 0) return;
    const prefix = { tokens: tokens.slice(0, numComputed), classes: classes.slice(0, numComputed) };
    const spans = cacheSpans(runner, scheduler.adopt(prefix), header);
    try {
      await writeSpans(runner.gpu, spans, (at, length) => source.read(cacheOffsetBytes + at, length));
    } catch (error) {
      await forgetComputed();
      throw error;
    }
  }

  #idle(key: string): Remembered {
    this.#throwIfAnswering(key);
    const remembered = this.#parts.conversations.get(key);
    if (remembered === undefined) throw unknownConversation(nameIn(key));
    return remembered;
  }

  #throwIfAnswering(key: string): void {
    if (!this.#parts.isAnswering(key)) return;
    throw new LinnetError('InvalidRequest', `An answer of ${nameIn(key)} is on its way: wait for it, or abort it.`);
  }

  #classed(key: string, { tokens, numPromptTokens }: Remembered): SessionTokens {
    const { log } = this.#parts;
    const isAnswered = tokens.length > numPromptTokens;
    return { tokens, classes: isAnswered ? classesOfAnswer(log, key, tokens) : log.classesFor(key, tokens) };
  }

  /** The class of a token that was drawn last is open, see `Sequence.numClassedTokens`. */
  #record(key: string, { tokens, classes }: SessionTokens): void {
    const numClassed = classes.at(-1) === 'generated' ? tokens.length - 1 : tokens.length;
    this.#parts.log.record(key, tokens.slice(0, numClassed), classes.slice(0, numClassed));
  }

  #headerOf({ tokens, ...conversation }: Remembered, extent: CacheExtent, note: string | undefined): SessionHeader {
    const { identity } = this.#parts;
    return {
      ...this.#model,
      ...conversation,
      ...extent,
      numTokens: tokens.length,
      modelName: identity.name,
      device: this.#device,
      note,
    };
  }

  get #model(): SessionModel {
    const { identity, runner } = this.#parts;
    const { plan } = runner;
    return {
      fingerprint: identity.fingerprint,
      kvType: plan.sizes.kv.layout,
      precision: plan.sizes.precision,
      layers: cachedLayers(plan),
      stateBytes: stateBytes(plan),
    };
  }

  /** The device and the kernels in use: what bits depend on beside the model. */
  get #device(): string {
    const { gpu, variants } = this.#parts.runner;
    const { vendor, architecture, description } = gpu.adapter;
    const kernels = Object.entries(variants).map(([family, variant]) => `${family} ${variant}`);
    return [vendor, architecture, description, ...kernels.sort()].join('; ');
  }

  /** @throws SessionInvalid where it is not of this model; ContextFull where it can never fit */
  #check({ header, tokens }: ReadSession): void {
    const own = this.#model;
    const { plan } = this.#parts.runner;
    if (header.fingerprint !== own.fingerprint) {
      throw sessionInvalid(`The session is of another model file (${header.modelName}). Load that one.`);
    }
    for (const what of ['kvType', 'precision'] as const) {
      if (header[what] === own[what]) continue;
      throw sessionInvalid(`The session was saved with ${what} ${header[what]}. Load the model with that.`);
    }
    const isWhole = header.numComputed === 0 || header.hasState === own.stateBytes > 0;
    if (
      JSON.stringify([header.layers, header.stateBytes]) !== JSON.stringify([own.layers, own.stateBytes]) ||
      !isWhole
    ) {
      throw sessionInvalid('The caches of the session are laid out in another way than this model’s.');
    }
    this.#checkWindows(header);
    const outside = tokens.find((token) => token >= plan.vocabSize);
    if (outside !== undefined)
      throw sessionInvalid(`The session has token ${String(outside)}, which this model has not.`);
    const context = this.#parts.scheduler.contextLength;
    if (header.numComputed >= context) {
      const numbers = `${String(header.numTokens)} tokens, and the context holds ${String(context)}`;
      throw new LinnetError('ContextFull', `The session has ${numbers}. Load the model with a longer context.`);
    }
    try {
      resolveSamplingParams(header.sampling, { vocabSize: plan.vocabSize, chooseSeed: () => 0 });
    } catch (cause) {
      throw sessionInvalid(
        `The session's header is damaged: ${cause instanceof Error ? cause.message : 'its sampling'}`,
      );
    }
  }

  /** What a window has left behind is not there; without a pool of windows it would have to be. */
  #checkWindows({ firstWindowBlock, numComputed, layers }: SessionHeader): void {
    if (firstWindowBlock === 0 || !layers.some(({ windowed }) => windowed)) return;
    const { windows } = this.#parts.runner.plan.sizes.kv;
    const mayBeGone =
      windows === undefined ? 0 : Math.floor(Math.max(0, numComputed + 1 - windows.window) / BLOCK_TOKENS);
    if (firstWindowBlock <= mayBeGone) return;
    throw sessionInvalid(
      'The session has no more of its windowed layers than a long context needs. Load the model with the context length it was saved with.',
    );
  }
}

function rememberedOf({ header, tokens }: ReadSession): Remembered {
  const { numPromptTokens, text, numTextTokens, numDroppedTurns, stop, sampling, isPlain } = header;
  return { tokens, numPromptTokens, text, numTextTokens, numDroppedTurns, stop, sampling, isPlain };
}

/** What the client calls it. */
function nameIn(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
