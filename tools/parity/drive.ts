/**
 * Drives a runner through given token sequences, teacher-forced, and hands out the logits that were asked for. Blocks
 * are dealt from a shuffled pack, and several sequences share steps, prefill beside decode. Knows no goldens.
 */
import { BLOCK_TOKENS } from '../../src/worker/model/kv-pool.ts';
import type { ModelRunner } from '../../src/worker/model/runner.ts';
import type { BatchRow } from '../../src/worker/scheduler/batch.ts';
import { blockId, stateSlot, tokenId, type BlockId, type StateSlot, type TokenClass } from '../../src/worker/tokens.ts';

export interface Track {
  /** All tokens, those after `numPrompt` of class generated. */
  readonly ids: readonly number[];
  readonly numPrompt: number;
  /** Most prompt rows of this track in one step. */
  readonly chunk: number;
  /** Positions whose logits are wanted. */
  readonly want: ReadonlySet<number>;
  readonly onLogits: (position: number, logits: Float32Array) => void;
}

interface Running {
  readonly track: Track;
  readonly blocks: BlockId[];
  /** Of models with recurrent layers. */
  readonly slot: StateSlot;
  done: number;
}

/** @param seed of the shuffle of blocks */
export async function driveTracks(runner: ModelRunner, tracks: readonly Track[], seed: number): Promise<void> {
  const free = shuffled(runner.plan.sizes.kv.numBlocks, seed);
  const running: Running[] = tracks.map((track, i) => ({
    track,
    blocks: [],
    slot: stateSlot(i),
    done: 0,
  }));
  for (;;) {
    const live = running.filter((run) => run.done < run.track.ids.length);
    if (live.length === 0) return;
    const taken = takeRows(runner, live, free);
    runner.forward({
      sequences: taken.map(({ run, count }) => ({
        blockTable: run.blocks,
        length: run.done + count,
        states: {
          from: run.done === 0 ? undefined : run.slot,
          to: [...new Array<undefined>(count - 1).fill(undefined), run.slot],
        },
      })),
      rows: taken.flatMap(({ run, count, tokenClass }, sequence) => rowsOf(run, count, tokenClass, sequence)),
      copies: [],
    });
    const wanted = taken.flatMap(({ run, count }) =>
      Array.from({ length: count }, (_, i) => ({ run, position: run.done + i })).filter(({ run: r, position }) =>
        r.track.want.has(position),
      ),
    );
    if (wanted.length > 0) {
      const logits = await runner.readLogits(wanted.length);
      wanted.forEach(({ run, position }, i) => {
        const row = logits[i];
        if (row !== undefined) run.track.onLogits(position, row);
      });
    }
    for (const { run, count } of taken) run.done += count;
  }
}

function rowsOf(run: Running, count: number, tokenClass: TokenClass, sequence: number): readonly BatchRow[] {
  return Array.from({ length: count }, (_, i) => ({
    sequence,
    token: tokenId(run.track.ids[run.done + i] ?? 0),
    position: run.done + i,
    tokenClass,
    wantLogits: run.track.want.has(run.done + i),
  }));
}

/** Prompt chunks first, then generated rows, within what the runner allows. */
function takeRows(runner: ModelRunner, live: readonly Running[], free: BlockId[]) {
  const { maxRows, maxGeneratedRows, maxLogitRows } = runner.plan.sizes;
  let rowsLeft = maxRows;
  let logitsLeft = maxLogitRows;
  let generatedLeft = maxGeneratedRows;
  const prompt: { run: Running; count: number; tokenClass: TokenClass }[] = [];
  const generated: typeof prompt = [];
  for (const run of live) {
    const inPrompt = run.done < run.track.numPrompt;
    const most = inPrompt
      ? Math.min(run.track.chunk, run.track.numPrompt - run.done, rowsLeft)
      : Math.min(1, rowsLeft, generatedLeft);
    let count = 0;
    while (count < most) {
      if (run.track.want.has(run.done + count)) {
        if (logitsLeft === 0) break;
        logitsLeft -= 1;
      }
      count += 1;
    }
    if (count === 0) continue;
    rowsLeft -= count;
    if (!inPrompt) generatedLeft -= count;
    while (run.blocks.length * BLOCK_TOKENS < run.done + count) {
      const block = free.pop();
      if (block === undefined) throw new Error('the cache is too small for these tracks');
      run.blocks.push(block);
    }
    (inPrompt ? prompt : generated).push({ run, count, tokenClass: inPrompt ? 'prompt' : 'generated' });
  }
  return [...prompt, ...generated];
}

function shuffled(numBlocks: number, seed: number): BlockId[] {
  const blocks = Array.from({ length: numBlocks }, (_, i) => blockId(i));
  let state = seed >>> 0;
  for (let i = blocks.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    const a = blocks[i];
    const b = blocks[j];
    if (a !== undefined && b !== undefined) [blocks[i], blocks[j]] = [b, a];
  }
  return blocks;
}
