/**
 * The page over the scripted engine, for browser tests: opened in a host of its own, cleaned up after each test. Calling
 * `usePage` in a test file registers that.
 */
import { afterEach, beforeEach, expect } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { EngineClient, type EngineChannel } from '../client.ts';
import { startApp } from '../start.ts';
import type { CatalogueModel } from '../state/catalogue.ts';
import { FakeEngine, type FakeScript } from './fake-engine.ts';

export const byId = (id: string): ReturnType<typeof page.getByTestId> => page.getByTestId(id);

export interface PageBench {
  /** No model comes with the page unless `models` has one. */
  readonly open: (script?: Partial<FakeScript>, models?: readonly CatalogueModel[]) => Promise<FakeEngine>;
  /** The same, with a model loaded. */
  readonly openChat: (script?: Partial<FakeScript>) => Promise<FakeEngine>;
  readonly say: (text: string) => Promise<void>;
  /** Lets the worker fail as a browser tells it. */
  readonly killWorker: () => void;
}

export function usePage(): PageBench {
  let client: EngineClient | undefined;
  let channel: (EngineChannel & EventTarget) | undefined;
  const host = document.createElement('div');

  beforeEach(() => {
    localStorage.clear();
    // As the page gives it to the app.
    host.style.height = '100dvh';
    document.body.append(host);
  });
  afterEach(() => {
    client?.close();
    host.replaceChildren();
    host.remove();
    delete document.documentElement.dataset['linnetTheme'];
  });

  const open: PageBench['open'] = async (script = {}, models = []) => {
    const fake = new FakeEngine(script);
    client = new EngineClient({ open: () => (channel = fake.open()) });
    await startApp(client, host, { fetchModels: () => Promise.resolve(models) });
    return fake;
  };
  return {
    open,
    async openChat(script = {}) {
      const fake = await open(script);
      await byId('model-url-input').fill('owner/name');
      await byId('model-load-button').click();
      await byId('consent-accept').click();
      await expect.element(byId('composer')).toBeVisible();
      return fake;
    },
    async say(text) {
      await byId('composer').fill(text);
      await userEvent.keyboard('{Enter}');
    },
    killWorker: () => void channel?.dispatchEvent(new Event('error')),
  };
}
