/** Starts the engine from the script that this is part of: the worker's code is a string in it, handed over as a blob. */
import EngineWorker from '../worker/main.ts?worker&inline';
import type { EngineChannel } from './client.ts';

/** Throws a SecurityError where the page's policy has no `worker-src blob:`. */
export function openInlineEngineWorker(): EngineChannel {
  return new EngineWorker({ name: 'linnet' });
}
