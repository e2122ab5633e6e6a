/**
 * A model file while it is open: some of it stored, some on its way, some in memory for a moment. Answers readers as soon
 * as their bytes are there, puts what they wait for in front, and hands whole chunks to a sink. With no sink, it keeps a
 * few chunks and fetches the rest again when asked. It knows no HTTP and no IndexedDB.
 */
import type { ByteSource } from './byte-source.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { Spool, type ChunkSink } from './chunk-sink.ts';
import { Condition } from './condition.ts';
import type { DownloadTarget } from './download.ts';
import { CacheError } from './errors.ts';
import type { Layout, Span } from './layout.ts';
import type { ProgressMeter } from './progress.ts';
import { SegmentQueue } from './segment-queue.ts';

/** Chunks in memory that wait for the store; more, and the network waits. */
const MAX_STORING = 2;
/** Chunks kept in memory for readers when nothing is stored. */
const MAX_HELD = 3;

export interface ModelFileOptions {
  readonly layout: Layout;
  readonly meter: ProgressMeter;
  /** Where stored chunks come from, and, with `keeps`, where whole ones go. */
  readonly sink: ChunkSink | undefined;
  readonly keeps: boolean;
  readonly isStored: (chunk: number) => boolean;
  /** False: bytes come in file order only, and none can be fetched twice. */
  readonly hasRanges: boolean;
  /** The sink failed; reading goes on without it. */
  readonly onStorageProblem: (error: CacheError) => void;
}

export class ModelFile implements ByteSource, DownloadTarget {
  readonly layout: Layout;
  readonly #meter: ProgressMeter;
  readonly #onStorageProblem: (error: CacheError) => void;
  readonly #queue: SegmentQueue;
  readonly #buffers: ChunkBuffers;
  readonly #changed = new Condition();
  readonly #storing = new Set<number>();
  #sink: ChunkSink | undefined;
  /** Whole chunks go to the sink. */
  #keeps: boolean;
  #hasRanges: boolean;
  #started = false;
  #failure: CacheError | undefined;

  constructor(options: ModelFileOptions) {
    this.layout = options.layout;
    this.#meter = options.meter;
    this.#sink = options.sink;
    this.#keeps = options.keeps && options.sink !== undefined;
    this.#hasRanges = options.hasRanges;
    this.#onStorageProblem = options.onStorageProblem;
    this.#queue = new SegmentQueue(options.layout, options.isStored);
    this.#buffers = new ChunkBuffers(options.layout);
    if (!this.#hasRanges && !this.#keeps) this.#spool();
  }

  // -------------------------------------------------------------------------------------------- for readers

  get sizeBytes(): number {
    return this.layout.sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const end = offsetBytes + lengthBytes;
    if (!(offsetBytes >= 0 && lengthBytes >= 0 && end <= this.sizeBytes)) {
      const range = `${String(offsetBytes)} to ${String(end)}`;
      throw new CacheError('InvalidRequest', `Bytes ${range} are not in a file of ${String(this.sizeBytes)} bytes.`);
    }
    const out = new Uint8Array(lengthBytes);
    if (lengthBytes === 0) return out;
    const parts = this.#partsOf({ start: offsetBytes, end });
    const pinned = new Set(parts.map(({ chunk }) => chunk));
    for (const chunk of pinned) this.#buffers.pin(chunk);
    this.#want({ start: offsetBytes, end });
    try {
      for (const { chunk, span } of parts) {
        await this.#readFromChunk(chunk, span, out, span.start - offsetBytes, signal);
        pinned.delete(chunk);
        this.#buffers.unpin(chunk);
        this.#evict();
      }
    } finally {
      for (const chunk of pinned) this.#buffers.unpin(chunk);
    }
    return out;
  }

  /** From now on the whole file is wanted, not only what is read. */
  start(): void {
    this.#started = true;
    this.#queue.background = this.#keeps;
    this.#changed.notify();
  }

  /** The server turned out to know no ranges. */
  setNoRanges(): void {
    this.#hasRanges = false;
    if (!this.#keeps) this.#spool();
  }

  /** Nothing more will come: readers that wait are told so. */
  fail(error: CacheError): void {
    this.#failure ??= error;
    this.#changed.notify();
  }

  /** Bytes held in memory at the moment. */
  get heldBytes(): number {
    return this.#buffers.bytes;
  }

  /** True when every chunk is stored. Never, when nothing is kept: what was let go may be asked for again. */
  get isComplete(): boolean {
    return this.#keeps && this.#queue.isStored;
  }

  /** Resolves when all that is to be fetched unasked has been, and is stored. Rejects with what `fail` was given. */
  async settled(): Promise<void> {
    await this.#changed.until(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.#started && this.#storing.size === 0 && (!this.#queue.background || this.isComplete);
    }, undefined);
    this.#meter.flush();
  }

  /** Resolves when the store has no chunk of ours in hand. */
  async storeIdle(): Promise<void> {
    await this.#changed.until(() => this.#storing.size === 0, undefined);
  }

  // -------------------------------------------------------------------------------------------- for the download

  take(): number | undefined {
    return this.#queue.take();
  }

  claim(segment: number): void {
    this.#queue.claim(segment);
  }

  release(segment: number): void {
    this.#queue.release(segment);
    this.#changed.notify();
  }

  filledBytes(segment: number): number {
    return this.#buffers.filledBytes(segment);
  }

  write(offsetBytes: number, piece: Uint8Array): void {
    let newBytes = 0;
    const last = this.layout.segmentAt(offsetBytes + piece.length - 1);
    for (let segment = this.layout.segmentAt(offsetBytes); segment <= last; segment++) {
      if (this.#queue.isPresent(segment)) continue;
      newBytes += this.#buffers.fill(segment, offsetBytes, piece);
      if (this.#buffers.isFull(segment)) this.#arrived(segment);
    }
    this.#meter.add(piece.length, newBytes);
  }

  async ready(signal: AbortSignal): Promise<void> {
    const hasRoom = (): boolean => this.#storing.size < MAX_STORING;
    await this.#changed.until(() => this.isComplete || (this.#queue.hasWork && hasRoom()), signal);
  }

  // -------------------------------------------------------------------------------------------- inside

  /** Marks what lies in `span` as urgent, and, when nothing is kept, the chunk after it too. */
  #want(span: Span): void {
    const lastChunk = this.layout.chunkAt(span.end - 1);
    const readsAhead = this.#started && !this.#queue.background && lastChunk + 1 < this.layout.numChunks;
    const last = readsAhead ? this.layout.segmentsOfChunk(lastChunk + 1).end - 1 : this.layout.segmentAt(span.end - 1);
    let isNews = false;
    for (let segment = this.layout.segmentAt(span.start); segment <= last; segment++) {
      if (this.#queue.want(segment)) isNews = true;
    }
    if (isNews) this.#changed.notify();
  }

  async #readFromChunk(
    chunk: number,
    span: Span,
    out: Uint8Array,
    at: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const [first, last] = [this.layout.segmentAt(span.start), this.layout.segmentAt(span.end - 1)];
    await this.#changed.until(() => {
      if (this.#queue.arePresent(first, last)) return true;
      if (this.#failure !== undefined) throw this.#failure;
      this.#want(span); // it may have been let go since it was asked for
      return false;
    }, signal);
    if (this.#queue.state(first) === 'held') {
      this.#buffers.copy(span, out, at);
      return;
    }
    const blob = await this.#sink?.get(chunk);
    if (blob === undefined) throw new CacheError('CacheCorrupt', 'A part of the file is gone; load the model again.');
    const { start } = this.layout.chunk(chunk);
    out.set(new Uint8Array(await blob.slice(span.start - start, span.end - start).arrayBuffer()), at);
  }

  #arrived(segment: number): void {
    this.#queue.hold(segment);
    const chunk = this.layout.chunkOfSegment(segment);
    if (this.#keeps && this.#queue.isHeld(chunk)) this.#store(chunk);
    this.#evict();
    this.#changed.notify();
  }

  #store(chunk: number): void {
    const sink = this.#sink;
    if (sink === undefined || this.#storing.has(chunk)) return;
    this.#storing.add(chunk);
    const stored = sink.put(chunk, this.#buffers.toBlob(chunk)).then(
      () => {
        this.#queue.markStored(chunk);
        this.#buffers.drop(chunk);
      },
      (error: unknown) => {
        this.#stopKeeping(error);
      },
    );
    void stored.finally(() => {
      this.#storing.delete(chunk);
      if (this.#keeps && this.#queue.isHeld(chunk)) this.#store(chunk); // the sink failed, and there is another now
      this.#evict();
      this.#changed.notify();
    });
  }

  #stopKeeping(error: unknown): void {
    if (!this.#keeps) return;
    this.#keeps = false;
    this.#queue.background = false;
    const isNamed = error instanceof CacheError;
    this.#onStorageProblem(isNamed ? error : new CacheError('StorageUnavailable', String(error), { cause: error }));
    if (!this.#hasRanges) this.#spool();
  }

  #spool(): void {
    this.#sink = new Spool(this.#sink);
    this.#keeps = true;
    this.#queue.background = this.#started;
    for (let chunk = 0; chunk < this.layout.numChunks; chunk++) if (this.#queue.isHeld(chunk)) this.#store(chunk);
    this.#changed.notify();
  }

  #evict(): void {
    if (this.#keeps) return;
    for (const chunk of this.#buffers.evictable(MAX_HELD)) {
      if (this.#storing.has(chunk) || this.#queue.isInFlight(chunk)) continue;
      this.#queue.forget(chunk);
      this.#buffers.drop(chunk);
    }
  }

  #partsOf(span: Span): readonly { readonly chunk: number; readonly span: Span }[] {
    const parts = [];
    for (let chunk = this.layout.chunkAt(span.start); chunk <= this.layout.chunkAt(span.end - 1); chunk++) {
      const { start, end } = this.layout.chunk(chunk);
      parts.push({ chunk, span: { start: Math.max(start, span.start), end: Math.min(end, span.end) } });
    }
    return parts;
  }
}
