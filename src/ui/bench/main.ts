/** The bench page's composition root: its language, its own engine in its own worker, and the page's element in the body. */
import { EngineClient, openEngineWorker } from '../client.ts';
import { speak, spokenLanguage } from '../language.ts';
import { openPreferences } from '../state/preferences.ts';
import { LinnetBench } from './page.ts';
import { setBenchStrings, strings } from './strings.ts';

const preferences = openPreferences();
const theme = preferences.readTheme();
if (theme !== 'system') document.documentElement.dataset['linnetTheme'] = theme;
await speakHere();
const page = new LinnetBench();
page.client = new EngineClient({ open: openEngineWorker });
page.setAttribute('theme', theme);
document.body.replaceChildren(page);

/** The language of the chat. Numbers and errors have their words from there; where a language cannot be fetched it is English. */
async function speakHere(): Promise<void> {
  const chosen = preferences.readLanguage();
  const language = spokenLanguage(chosen === 'auto' ? navigator.languages : [chosen]);
  if (language === 'en') return;
  try {
    const [words] = await Promise.all([import('./strings.zh.ts'), speak(language)]);
    setBenchStrings(words.chinese);
  } catch {
    return;
  }
  document.documentElement.lang = language;
  document.title = `Linnet: ${strings.title}`;
}
