/** The bench page's composition root: its own engine in its own worker, and the page's element in the body. */
import { EngineClient, openEngineWorker } from '../client.ts';
import { openPreferences } from '../state/preferences.ts';
import { LinnetBench } from './page.ts';

const theme = openPreferences().readTheme();
if (theme !== 'system') document.documentElement.dataset['linnetTheme'] = theme;
const page = new LinnetBench();
page.client = new EngineClient({ open: openEngineWorker });
page.setAttribute('theme', theme);
document.body.replaceChildren(page);
