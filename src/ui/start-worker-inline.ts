/** Starts the engine in a page of another origin: the worker's code is a string in this script, handed over as a blob. */
import EngineWorker from '../worker/main.ts?worker&inline';
import type { EngineChannel } from './client.ts';

/** Throws a SecurityError where the page's policy has no `worker-src blob:`. */
export function openInlineEngineWorker(): EngineChannel {
  return new EngineWorker({ name: 'linnet' });
}
