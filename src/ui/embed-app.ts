/** What the embed fetches when a visitor asks for the chat: the app with its engine inside. Knows nothing of the button. */
import { EngineClient } from './client.ts';
import { startApp } from './start.ts';
import { openInlineEngineWorker } from './start-worker-inline.ts';

/** The app in `parent`. `base`: the address beside which the models lie; nothing of them is fetched before a visitor asks. */
export async function startEmbeddedApp(parent: HTMLElement, base: string): Promise<void> {
  await startApp(new EngineClient({ open: openInlineEngineWorker }), parent, { base, loadUnasked: false });
}
