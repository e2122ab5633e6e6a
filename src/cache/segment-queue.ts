/**
 * Which segment is fetched next: what a reader waits for jumps the queue, then chunks that have been begun, then file
 * order. Bookkeeping only, synchronous; it knows no bytes, no network and no clock.
 */
import type { Layout } from './layout.ts';

/** `held`: its bytes are in memory. `stored`: they are in the store. */
export type SegmentState = 'absent' | 'inFlight' | 'held' | 'stored';

export class SegmentQueue {
  readonly #layout: Layout;
  readonly #states: SegmentState[]; // [numSegments]
  readonly #urgent: number[] = [];
  /** Chunks of which some segment has been taken, and which are not complete. */
  readonly #begun = new Set<number>();
  /** No segment before this one is absent. */
  #firstAbsent = 0;

  /** When set, the whole file is wanted; else only what was asked for by `want`. */
  background = false;

  constructor(layout: Layout, isStored: (chunk: number) => boolean) {
    this.#layout = layout;
    this.#states = Array.from({ length: layout.numSegments }, (_, segment) =>
      isStored(layout.chunkOfSegment(segment)) ? 'stored' : 'absent',
    );
  }

  state(segment: number): SegmentState {
    const state = this.#states[segment];
    if (state === undefined) throw new RangeError(`There is no segment ${String(segment)}.`);
    return state;
  }

  isPresent(segment: number): boolean {
    const state = this.state(segment);
    return state === 'held' || state === 'stored';
  }

  /** Of the segments `first` to `last`, both included. */
  arePresent(first: number, last: number): boolean {
    for (let segment = first; segment <= last; segment++) if (!this.isPresent(segment)) return false;
    return true;
  }

  /** Puts a segment behind what is urgent; false when it is there already, or present, or on its way. */
  want(segment: number): boolean {
    if (this.state(segment) !== 'absent' || this.#urgent.includes(segment)) return false;
    this.#urgent.push(segment);
    return true;
  }

  /** Takes a segment that is about to come unasked. */
  claim(segment: number): void {
    if (this.state(segment) === 'absent') this.#fly(segment);
  }

  /** The next segment to fetch, now in flight; undefined when nothing is wanted. */
  take(): number | undefined {
    const segment = this.#nextUrgent() ?? (this.background ? (this.#nextBegun() ?? this.#nextInOrder()) : undefined);
    if (segment === undefined) return undefined;
    this.#fly(segment);
    return segment;
  }

  /** True when `take` would have an answer. */
  get hasWork(): boolean {
    if (this.#urgent.some((segment) => this.state(segment) === 'absent')) return true;
    return this.background && this.#lowestAbsent() < this.#layout.numSegments;
  }

  /** The segment was not fetched after all. */
  release(segment: number): void {
    if (this.state(segment) === 'inFlight') this.#makeAbsent(segment);
  }

  hold(segment: number): void {
    this.#states[segment] = 'held';
    if (this.isHeld(this.#layout.chunkOfSegment(segment))) this.#begun.delete(this.#layout.chunkOfSegment(segment));
  }

  /** True when every segment of the chunk is in memory. */
  isHeld(chunk: number): boolean {
    return this.#every(chunk, (state) => state === 'held');
  }

  isInFlight(chunk: number): boolean {
    return !this.#every(chunk, (state) => state !== 'inFlight');
  }

  markStored(chunk: number): void {
    this.#forEach(chunk, (segment) => (this.#states[segment] = 'stored'));
  }

  /** The chunk's bytes are nowhere any more. */
  forget(chunk: number): void {
    this.#begun.delete(chunk);
    this.#forEach(chunk, (segment) => {
      this.#makeAbsent(segment);
    });
  }

  get isStored(): boolean {
    return this.#states.every((state) => state === 'stored');
  }

  #nextUrgent(): number | undefined {
    for (let segment = this.#urgent.shift(); segment !== undefined; segment = this.#urgent.shift()) {
      if (this.state(segment) === 'absent') return segment;
    }
    return undefined;
  }

  #nextBegun(): number | undefined {
    for (const chunk of this.#begun) {
      const { start, end } = this.#layout.segmentsOfChunk(chunk);
      for (let segment = start; segment < end; segment++) if (this.state(segment) === 'absent') return segment;
    }
    return undefined;
  }

  #nextInOrder(): number | undefined {
    const segment = this.#lowestAbsent();
    return segment < this.#layout.numSegments ? segment : undefined;
  }

  #lowestAbsent(): number {
    while (this.#firstAbsent < this.#layout.numSegments && this.state(this.#firstAbsent) !== 'absent')
      this.#firstAbsent++;
    return this.#firstAbsent;
  }

  #fly(segment: number): void {
    this.#states[segment] = 'inFlight';
    this.#begun.add(this.#layout.chunkOfSegment(segment));
  }

  #makeAbsent(segment: number): void {
    this.#states[segment] = 'absent';
    this.#firstAbsent = Math.min(this.#firstAbsent, segment);
  }

  #every(chunk: number, test: (state: SegmentState) => boolean): boolean {
    const { start, end } = this.#layout.segmentsOfChunk(chunk);
    for (let segment = start; segment < end; segment++) if (!test(this.state(segment))) return false;
    return true;
  }

  #forEach(chunk: number, apply: (segment: number) => void): void {
    const { start, end } = this.#layout.segmentsOfChunk(chunk);
    for (let segment = start; segment < end; segment++) apply(segment);
  }
}
