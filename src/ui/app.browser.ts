/** The whole page over the scripted engine, used as a visitor uses it. */
import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { CachedModel } from '../worker/api.ts';
import type { CatalogueModel } from './state/catalogue.ts';
import { byId, usePage } from './testing/page-bench.ts';

const KEPT: CachedModel = {
  id: 'kept-1',
  name: 'Kept Model',
  url: undefined,
  sizeBytes: 1000,
  storedBytes: 1000,
  complete: true,
  lastUsedMs: 1,
};

const { open, openChat, say } = usePage();

/** The test id of what has the focus, however deep in shadow roots. */
function focusedId(): string | null | undefined {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.getAttribute('data-testid');
}

describe('the model that comes with the page', () => {
  const BUILT_IN: CatalogueModel = {
    name: 'small-one',
    summary: 'Comes along.',
    repo: undefined,
    file: 'models/small-one.gguf',
    sizeBytes: 1000,
    sizeIsApproximate: false,
    parameters: '2M',
    weightType: 'Q4_0',
    contextLength: 1024,
    licence: 'MIT',
    licenceUrl: undefined,
    recommended: false,
  };
  const OTHER: CatalogueModel = { ...BUILT_IN, name: 'large-one', repo: 'owner/large', file: 'large.gguf' };

  it('answers without a question, says what it is, and shows the way to others', async () => {
    const fake = await open({}, [BUILT_IN, OTHER]);
    await expect.element(byId('model-hint')).toHaveTextContent('very small model');
    await say('Hello');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    expect(fake.loads).toMatchObject([{ source: { kind: 'url' }, keep: false }]);
    expect(fake.inspections).toEqual([]);
    await byId('larger-model').click();
    await expect.element(byId('catalogue-model')).toHaveTextContent('large-one');
    await byId('built-in-model').click();
    await expect.element(byId('composer')).toBeVisible();
    expect(fake.loads).toHaveLength(2);
  });
});

describe('before a download', () => {
  it('asks, with the size, and loads nothing on no', async () => {
    const fake = await open();
    await byId('model-url-input').fill('owner/name');
    await byId('model-load-button').click();
    await expect.element(byId('consent-size')).toHaveTextContent('808 MB');
    await byId('consent-cancel').click();
    await expect.element(byId('consent')).not.toBeInTheDocument();
    expect(fake.loads).toEqual([]);
    await expect.element(byId('model-url-input')).toHaveValue('owner/name');
  });

  it('gives the focus back on Escape', async () => {
    await open();
    await byId('model-url-input').fill('owner/name');
    await userEvent.keyboard('{Enter}');
    await expect.poll(focusedId).toBe('consent-accept');
    await userEvent.keyboard('{Escape}');
    await expect.element(byId('consent')).not.toBeInTheDocument();
    await expect.poll(focusedId).toBe('model-url-input');
  });

  it('says when what was typed is no address', async () => {
    await open();
    await byId('model-url-input').fill('not an address');
    await byId('model-load-button').click();
    await expect.element(page.getByText('neither a web address')).toBeVisible();
  });

  it('offers to load without keeping where space is short', async () => {
    const fake = await open({ quotaBytes: 1000 });
    await byId('model-url-input').fill('owner/name');
    await byId('model-load-button').click();
    await expect.element(byId('no-space')).toBeVisible();
    await byId('consent-accept').click();
    await expect.element(byId('composer')).toBeVisible();
    expect(fake.loads[0]?.keep).toBe(false);
  });
});

describe('a conversation', () => {
  it('streams an answer, with its numbers', async () => {
    const fake = await openChat();
    await say('Tell me a story');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    await expect.element(byId('answer-text')).toHaveTextContent('Once upon a time there was a small brown bird.');
    await expect.element(byId('stats')).toHaveTextContent('48 tokens/s · first token 212 ms');
    await expect.element(byId('context-meter')).toHaveTextContent('/ 4,096');
    await expect.element(byId('announcer')).toHaveTextContent('small brown bird');
    expect(fake.generations[0]?.input).toEqual({
      kind: 'chat',
      messages: [{ role: 'user', content: 'Tell me a story' }],
    });
  });

  it('stops with Escape and keeps what was written', async () => {
    const fake = await openChat({ answer: 'word '.repeat(400), tickMs: 5 });
    await say('Go on');
    await expect.element(byId('answer-text')).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(byId('stats')).toHaveTextContent('Stopped');
    expect(fake.aborted).toHaveLength(1);
  });

  it('replaces what follows an edited turn', async () => {
    const fake = await openChat();
    await say('First');
    await expect.element(byId('stats')).toBeVisible();
    await say('Second');
    await expect.element(byId('message-user').nth(1)).toBeVisible();
    await expect.element(byId('message-assistant').nth(1)).toHaveAttribute('data-status', 'done');
    await byId('edit-button').first().click();
    await byId('edit-input').fill('Changed');
    await byId('edit-save').click();
    await expect.element(byId('message-user').nth(1)).not.toBeInTheDocument();
    await expect.element(byId('message-user')).toHaveTextContent('Changed');
    expect(fake.generations.at(-1)?.input).toMatchObject({ messages: [{ role: 'user', content: 'Changed' }] });
  });

  it('follows the text, and stays where the reader scrolled to', async () => {
    await openChat({ answer: 'a paragraph of the answer\n\n'.repeat(120), tickMs: 4 });
    await say('Go on');
    const scroller = byId('scroller').element();
    const below = (): number => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    await expect.poll(() => scroller.scrollTop).toBeGreaterThan(300);
    expect(below()).toBeLessThan(150);
    scroller.scrollTop = 50;
    await expect.element(byId('jump')).toBeVisible();
    const height = scroller.scrollHeight;
    await expect.poll(() => scroller.scrollHeight).toBeGreaterThan(height + 200);
    expect(scroller.scrollTop).toBe(50);
    await byId('jump').click();
    await expect.poll(below).toBeLessThan(150);
    await userEvent.keyboard('{Escape}');
  });

  it('shows what the engine notes about an answer, with it', async () => {
    await openChat({ notes: { model: [], answer: ['The chat template failed; a default is used.'] } });
    await say('Hi');
    await expect.element(byId('stats')).toBeVisible();
    await expect.element(byId('answer-note')).toHaveTextContent('a default is used');
  });

  it('has the notes about the model above it, until they are dismissed', async () => {
    await openChat({ notes: { model: ['Its context was cut to what fits.'], answer: [] } });
    await expect.element(byId('model-note')).toHaveTextContent('cut to what fits');
    await say('Hi');
    await expect.element(byId('stats')).toBeVisible();
    await expect.element(byId('model-note')).toBeVisible();
    await byId('model-notes-dismiss').click();
    await expect.element(byId('model-note')).not.toBeInTheDocument();
    await byId('change-model').click();
    await byId('back-to-chat').click();
    await expect.element(byId('composer')).toBeVisible();
    await expect.element(byId('model-note')).not.toBeInTheDocument();
  });

  it('regenerates the last answer alone', async () => {
    const fake = await openChat();
    await say('Once');
    await byId('regenerate-button').click();
    await expect.element(byId('stats')).toBeVisible();
    expect(fake.generations).toHaveLength(2);
    expect(fake.generations[1]?.input).toEqual(fake.generations[0]?.input);
  });

  it('uses and remembers the settings', async () => {
    const fake = await openChat();
    await byId('settings-button').click();
    await byId('settings-temperature').fill('0');
    await byId('settings-seed').fill('42');
    await byId('settings-max-tokens').fill('16');
    await byId('settings-system').fill('Be brief.');
    await byId('settings-close').click();
    await say('Hi');
    await expect.element(byId('stats')).toBeVisible();
    expect(fake.generations[0]).toMatchObject({
      maxTokens: 16,
      sampling: { temperature: 0, seed: 42 },
      input: { messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] },
    });
    expect(localStorage.getItem('linnet.settings.v1')).toContain('"seed":42');
  });
});

describe('coming back', () => {
  it('loads the last model by itself when all of it is here', async () => {
    localStorage.setItem('linnet.last-model.v1', JSON.stringify({ id: 'kept-1', name: 'Kept Model' }));
    const fake = await open({ cached: [KEPT] });
    await expect.element(byId('composer')).toBeVisible();
    expect(fake.loads.map((load) => load.source)).toEqual([{ kind: 'cached', id: 'kept-1' }]);
  });

  it('only offers it when some of it is missing', async () => {
    localStorage.setItem('linnet.last-model.v1', JSON.stringify({ id: 'kept-1', name: 'Kept Model' }));
    const fake = await open({ cached: [{ ...KEPT, complete: false, storedBytes: 400 }] });
    await expect.element(byId('continue-button')).toHaveTextContent('Resume Kept Model');
    expect(fake.loads).toEqual([]);
  });

  it('lists what is kept, and deletes it after asking', async () => {
    await open({ cached: [KEPT] });
    await expect.element(byId('cached-model')).toHaveTextContent('Kept Model');
    await byId('cached-delete').click();
    await byId('cached-delete-confirm').click();
    await expect.element(byId('cached-model')).not.toBeInTheDocument();
  });

  it('remembers the colours', async () => {
    await open();
    const before = document.documentElement.dataset['linnetTheme'];
    await byId('theme-toggle').click();
    await expect.poll(() => document.documentElement.dataset['linnetTheme']).toMatch(/^(light|dark)$/);
    expect(before).toBeUndefined();
    expect(localStorage.getItem('linnet.theme.v1')).toMatch(/light|dark/);
  });
});
