/**
 * Fetches the segments that a target wants, a few at a time, until it has all of them: byte ranges where the server
 * knows them, else one stream of the whole file. Retries, and refuses to mix two versions of a file. It knows nothing
 * of where the bytes go, nor why a segment is wanted.
 */
import { DownloadSession, sourceChanged } from './download-session.ts';
import { CacheError } from './errors.ts';
import { askSize, type Answer } from './http.ts';
import type { CacheHost } from './host.ts';
import { segmentBytesOf, type Layout, type Span } from './layout.ts';
import type { Validators } from './manifest.ts';
import { TransientError } from './retry.ts';

export interface DownloadTarget {
  readonly layout: Layout;
  readonly isComplete: boolean;
  /** The next segment to fetch, now in flight; undefined when none is wanted at the moment. */
  take(): number | undefined;
  /** Takes this segment, which the first answer brings. */
  claim(segment: number): void;
  /** The segment was not fetched after all. */
  release(segment: number): void;
  /** Bytes at the segment's beginning that are there already. */
  filledBytes(segment: number): number;
  /** Bytes of the file at `offsetBytes`; those that are there already are passed over. */
  write(offsetBytes: number, piece: Uint8Array): void;
  /** Resolves when bytes are wanted and there is room for them, or nothing is missing any more. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface DownloadOptions {
  readonly url: string;
  /** What is known of the file before it is asked for: from the hub's listing, or from a download broken off. */
  readonly sizeBytes: number | undefined;
  readonly validators: Validators;
  readonly chunkBytes: number;
  /** Requests at a time. Default 4. */
  readonly numParallel?: number;
}

const NUM_PARALLEL = 4;

/** Thrown inside when a server that knew ranges sends the whole file. */
class WholeFile extends Error {}

/**
 * Asks for the first segment, which tells size, version and whether there are ranges. Throws `HttpFailed`,
 * `NetworkFailed`, `SourceChanged`, `Aborted`.
 */
export async function openDownload(host: CacheHost, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  const span = { start: 0, end: segmentBytesOf(options.chunkBytes) };
  const session = new DownloadSession(host, options.url, options.validators);
  const answer = await session.withRetry(() => session.request(span, signal), signal);
  try {
    const sizeBytes = await sizeOf(host, options, answer, span, signal);
    return new Download(session, sizeBytes, options.numParallel ?? NUM_PARALLEL, answer);
  } catch (error) {
    await answer.body.close();
    throw error;
  }
}

/** Goes on with a file whose size is known; the first request is made by `run`. */
export function resumeDownload(host: CacheHost, options: DownloadOptions & { readonly sizeBytes: number }): Download {
  const session = new DownloadSession(host, options.url, options.validators);
  return new Download(session, options.sizeBytes, options.numParallel ?? NUM_PARALLEL, undefined);
}

async function sizeOf(
  host: CacheHost,
  options: DownloadOptions,
  answer: Answer,
  asked: Span,
  signal: AbortSignal,
): Promise<number> {
  if (answer.kind === 'none') throw new CacheError('HttpFailed', 'The file is empty; check that its address is right.');
  const told = answer.sizeBytes;
  if (told !== undefined && options.sizeBytes !== undefined && told !== options.sizeBytes) throw sourceChanged();
  const known = told ?? options.sizeBytes;
  if (known !== undefined) return known;
  // CORS hides Content-Range more often than not. A part shorter than was asked for is all there is.
  const { bodyBytes } = answer;
  if (answer.kind === 'part' && bodyBytes !== undefined && bodyBytes < asked.end - asked.start) return bodyBytes;
  const asking = await askSize(host, options.url, signal);
  if (asking !== undefined) return asking;
  throw new CacheError('HttpFailed', 'The server does not tell how large the file is; download it and drop it here.');
}

export class Download {
  readonly sizeBytes: number;
  readonly #session: DownloadSession;
  readonly #numParallel: number;
  #first: Answer | undefined;

  constructor(session: DownloadSession, sizeBytes: number, numParallel: number, first: Answer | undefined) {
    this.#session = session;
    this.sizeBytes = sizeBytes;
    this.#numParallel = numParallel;
    this.#first = first;
  }

  /** Of the version that is being fetched. */
  get validators(): Validators {
    return this.#session.validators;
  }

  /** False once the server has shown that it knows no ranges: then bytes come in file order only. */
  get hasRanges(): boolean {
    return this.#first?.kind !== 'whole';
  }

  /**
   * Resolves when the target is complete. Throws `NetworkFailed`, `HttpFailed`, `SourceChanged`, `Aborted`, or what the
   * target throws; nothing is in flight then. `onNoRanges` is called when the server turns out to know none.
   */
  async run(target: DownloadTarget, signal: AbortSignal, onNoRanges: () => void): Promise<void> {
    const first = this.#first;
    if (first?.kind === 'whole') {
      await this.#stream(target, signal, first);
      return;
    }
    try {
      await this.#ranges(target, signal, first);
    } catch (error) {
      if (!(error instanceof WholeFile)) throw error;
      onNoRanges();
      await this.#stream(target, signal, undefined);
    }
  }

  /** One lane until the first answer has come and is right, then all of them. */
  async #ranges(target: DownloadTarget, outer: AbortSignal, first: Answer | undefined): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([outer, stop.signal]);
    const lanes: Promise<void>[] = [];
    // The first failure is the one that counts; it ends the other lanes, whose own failures say no more than that.
    const failures: Error[] = [];
    const start = (answer: Answer | undefined): void => {
      lanes.push(
        this.#lane(target, signal, answer, startOthers).catch((error: unknown) => {
          failures.push(error instanceof Error ? error : new Error(String(error)));
          stop.abort();
        }),
      );
    };
    const startOthers = (): void => {
      while (lanes.length < this.#numParallel && !signal.aborted) start(undefined);
    };
    start(first);
    for (const lane of lanes) await lane; // `lanes` grows meanwhile; the iterator sees that
    const [failure] = failures;
    if (failure !== undefined) throw failure;
  }

  async #lane(
    target: DownloadTarget,
    signal: AbortSignal,
    first: Answer | undefined,
    onAnswer: () => void,
  ): Promise<void> {
    if (first !== undefined) {
      target.claim(0);
      await this.#segment(target, 0, signal, first, onAnswer);
    }
    while (!target.isComplete) {
      await target.ready(signal);
      const segment = target.take();
      if (segment !== undefined) await this.#segment(target, segment, signal, undefined, onAnswer);
    }
  }

  async #segment(
    target: DownloadTarget,
    segment: number,
    signal: AbortSignal,
    first: Answer | undefined,
    onAnswer: () => void,
  ): Promise<void> {
    const { start, end } = target.layout.segment(segment);
    let answer = first;
    let before = start;
    const attempt = async (): Promise<void> => {
      before = start + target.filledBytes(segment);
      const taken = answer ?? (await this.#session.request({ start: before, end }, signal));
      answer = undefined;
      await this.#check(taken);
      onAnswer();
      await pump(taken, target, before, end);
    };
    try {
      await this.#session.withRetry(attempt, signal, () => start + target.filledBytes(segment) > before);
    } finally {
      target.release(segment);
    }
  }

  /** Closes the answer when it is not the part that was asked for. */
  async #check(answer: Answer): Promise<void> {
    const isOfSize = answer.sizeBytes === undefined || answer.sizeBytes === this.sizeBytes;
    if (answer.kind === 'part' && isOfSize) return;
    await answer.body.close();
    throw answer.kind === 'whole' && isOfSize ? new WholeFile() : sourceChanged();
  }

  async #stream(target: DownloadTarget, signal: AbortSignal, first: Answer | undefined): Promise<void> {
    let answer = first;
    let furthest = 0;
    let position = 0;
    const attempt = async (): Promise<void> => {
      furthest = Math.max(furthest, position);
      position = 0;
      const taken = answer ?? (await this.#session.request(undefined, signal));
      answer = undefined;
      if (taken.sizeBytes !== undefined && taken.sizeBytes !== this.sizeBytes) {
        await taken.body.close();
        throw sourceChanged();
      }
      await pump(taken, target, 0, this.sizeBytes, async (at) => {
        position = at;
        await target.ready(signal);
      });
    };
    while (!target.isComplete) {
      await this.#session.withRetry(attempt, signal, () => position > furthest);
      await target.ready(signal);
    }
  }
}

/** Hands the bytes `start` to `end` of the file, which the answer brings, to the target. Closes the answer's body. */
async function pump(
  answer: Answer,
  target: DownloadTarget,
  start: number,
  end: number,
  beforeEach?: (position: number) => Promise<void>,
): Promise<void> {
  let position = start;
  try {
    while (!target.isComplete) {
      await beforeEach?.(position);
      const piece = await answer.body.next();
      if (piece === undefined) break;
      if (position + piece.length > end) {
        throw new CacheError(
          'HttpFailed',
          'The server sent more bytes than it should; use another mirror of the file.',
        );
      }
      target.write(position, piece);
      position += piece.length;
    }
  } finally {
    await answer.body.close();
  }
  if (position < end && !target.isComplete) {
    throw new TransientError(new CacheError('NetworkFailed', 'The server ended the transfer early; try again.'));
  }
}
