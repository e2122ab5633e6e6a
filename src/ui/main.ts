/** The page's composition root: the real engine in its worker, and the app in the body. */
import { EngineClient, openEngineWorker } from './client.ts';
import { keepHistory } from './keep-history.ts';
import { keepOffline } from './offline.ts';
import { startApp } from './start.ts';

await startApp(new EngineClient({ open: openEngineWorker }), document.body, {
  benchUrl: './bench.html',
  keepHistory,
  keepOffline,
});
