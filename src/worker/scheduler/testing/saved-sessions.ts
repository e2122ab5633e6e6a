/**
 * Finished sequences of a simulation that are saved and restored at random: what is saved must be what their tokens say, and what is
 * restored must be found at once, also when the pools were wiped meanwhile. Knows no test framework.
 */
import { LinnetError } from '../../errors.ts';
import type { TokenClass, TokenId } from '../../tokens.ts';
import type { PrefixPlaces } from '../kept-prefix.ts';
import type { Sequence } from '../sequence.ts';
import type { ClassedTokens } from '../snapshots.ts';
import { expectedKv, type SavedKv, type TestRig } from './fake-forward.ts';

const MAX_KEPT = 6;

interface Session extends ClassedTokens {
  readonly saved: SavedKv;
}

export class SavedSessions {
  readonly tally = { saved: 0, restored: 0, refused: 0, written: 0 };
  readonly #rig: TestRig;
  readonly #below: (limit: number) => number;
  #finished: ClassedTokens[] = []; // the newest last
  #sessions: Session[] = [];

  constructor(rig: TestRig, below: (limit: number) => number) {
    this.#rig = rig;
    this.#below = below;
  }

  /** It may be saved later, when some of it has made room for others. */
  noteFinished({ tokens, classes, numClassedTokens }: Sequence): void {
    const prefix = { tokens: tokens.slice(0, numClassedTokens), classes: classes.slice(0, numClassedTokens) };
    this.#finished = [...this.#finished, prefix].slice(-MAX_KEPT);
  }

  save(): void {
    const prefix = this.#finished[this.#below(this.#finished.length)];
    if (prefix === undefined) return;
    const places = this.#rig.scheduler.locate(prefix);
    const { numTokens } = places;
    const saved = this.#rig.forward.save(places);
    const tokens = prefix.tokens.slice(0, numTokens);
    const classes = prefix.classes.slice(0, numTokens);
    check(saved, expectedKv(tokens, classes), places);
    if (numTokens === 0) return;
    this.#sessions = [...this.#sessions, { tokens, classes, saved }].slice(-MAX_KEPT);
    this.tally.saved++;
  }

  /** The tokens that were restored, with their classes; undefined where there were none, or no room. */
  restore(): { readonly tokens: readonly TokenId[]; readonly classes: readonly TokenClass[] } | undefined {
    const session = this.#sessions[this.#below(this.#sessions.length)];
    if (session === undefined) return undefined;
    const { scheduler, forward, blocks } = this.#rig;
    let places: PrefixPlaces;
    try {
      places = scheduler.adopt(session);
    } catch (error) {
      if (!(error instanceof LinnetError && error.name === 'ContextFull')) throw error;
      this.tally.refused++;
      return undefined;
    }
    forward.restore(places, session.saved);
    scheduler.checkInvariants();
    const written = places.blocks.filter((block) => block !== undefined);
    if (written.some((block) => blocks.refCount(block) !== 1)) throw new Error('a restored block is shared already');
    // A last block that another text goes further in has its own window, or none.
    const numFound = scheduler.locate(session).numTokens;
    const isWhole = numFound === session.tokens.length;
    if (!isWhole && places.windowBlocks === undefined) throw new Error('what was restored is not found');
    this.tally.restored++;
    this.tally.written += written.length;
    return session;
  }
}

function check({ kv, windowKv, state }: SavedKv, expected: readonly number[], { windowBlocks }: PrefixPlaces): void {
  if (kv.join() !== expected.join()) throw new Error('a session has other KV than its tokens say');
  if (state !== undefined && state !== expected.at(-1)) throw new Error('a session has another state');
  const isWindow = windowKv?.every((value, at) => value === undefined || value === expected[at]) ?? true;
  if (!isWindow) throw new Error('a session has other KV in its windows');
  if (windowBlocks !== undefined && expected.length > 0 && windowKv?.at(-1) === undefined)
    throw new Error('a session lacks the window of its last token');
}
