/** The scheduler of a loaded model: the limits that follow from the model's sizes. Knows nothing of requests. */
import { BLOCK_TOKENS } from '../model/kv-pool.ts';
import type { ModelSizes } from '../model/sizes.ts';
import { BlockManager } from '../scheduler/block-manager.ts';
import type { ConversationLog } from '../scheduler/conversation-log.ts';
import { PrefixTree } from '../scheduler/prefix-tree.ts';
import { RecurrentStates } from '../scheduler/recurrent-states.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { WindowBlocks } from '../scheduler/window-blocks.ts';
import type { ChunkPacer } from './chunk-pacer.ts';

/** `maxLateSteps`: steps that may be unread when the next one is submitted. */
export function createScheduler(
  sizes: ModelSizes,
  log: ConversationLog,
  pacer: ChunkPacer,
  maxLateSteps: number,
): Scheduler {
  const blocks = new BlockManager(sizes.kv.numBlocks, BLOCK_TOKENS);
  const limits = {
    contextLength: sizes.contextLength,
    maxRowsPerStep: sizes.maxRows,
    get prefillChunkTokens() {
      return pacer.rows;
    },
    maxGeneratedRows: sizes.maxGeneratedRows,
    maxLogitRows: Math.min(sizes.maxLogitRows, sizes.maxGeneratedRows),
    maxStepsInFlight: maxLateSteps + 1,
  };
  const { states, kv } = sizes;
  return new Scheduler(blocks, new PrefixTree(blocks), log, limits, {
    ...(states === undefined ? {} : { states: new RecurrentStates(states.numSlots) }),
    ...(kv.windows === undefined ? {} : { windows: new WindowBlocks(kv.windows.numBlocks, kv.windows.window, blocks) }),
  });
}
