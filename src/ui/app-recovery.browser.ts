/** The page over the scripted engine when something fails: what it says, and that what it offers leads on. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { page } from 'vitest/browser';
import type { FakeScript } from './testing/fake-engine.ts';
import { byId, usePage } from './testing/page-bench.ts';

const { open, openChat, say, killWorker } = usePage();

/** What fails until the test takes it out. */
type Failing = { -readonly [Method in keyof FakeScript['fail']]: FakeScript['fail'][Method] };

describe('when things go wrong', () => {
  it('says so without WebGPU, and why', async () => {
    await open({ noWebGpuReason: 'navigator.gpu is missing' });
    await expect.element(byId('error-panel')).toHaveTextContent('navigator.gpu is missing');
    await expect.element(byId('retry-button')).toHaveTextContent('Reload the page');
  });

  it('offers another model for an unsupported one', async () => {
    const fake = await open({ fail: { inspect: { name: 'UnsupportedArchitecture', message: 'mamba' } } });
    await byId('model-url-input').fill('owner/name');
    await byId('model-load-button').click();
    await expect.element(byId('error-panel')).toHaveAttribute('data-error', 'UnsupportedArchitecture');
    await byId('retry-button').click();
    await expect.element(byId('error-panel')).not.toBeInTheDocument();
    expect(fake.loads).toEqual([]);
  });

  it('starts a lost worker again, loads the kept model and keeps the conversation', async () => {
    const fake = await openChat({ answer: 'word '.repeat(400), tickMs: 5 });
    await say('Hello');
    await expect.element(byId('answer-text')).toBeVisible();
    killWorker();
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'failed');
    await byId('retry-button').click();
    await expect.element(byId('composer')).toBeVisible();
    await expect.element(byId('message-user')).toHaveTextContent('Hello');
    expect(fake.loads.at(-1)?.source).toEqual({ kind: 'cached', id: 'kept-1' });
  });

  it('starts and says so where crypto.randomUUID does not exist, as on plain http', async () => {
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(crypto, 'randomUUID'));
    expect(Reflect.get(crypto, 'randomUUID')).toBeUndefined();
    await open({ noWebGpuReason: 'WebGPU needs https' });
    await expect.element(byId('error-panel')).toHaveTextContent('WebGPU needs https');
  });

  it('blames no setting for a model that cannot be opened', async () => {
    await open({ fail: { inspect: { name: 'InvalidRequest', message: 'owner/name has no GGUF file.' } } });
    await byId('model-url-input').fill('owner/name');
    await byId('model-load-button').click();
    await expect.element(byId('error-panel')).toHaveTextContent('This model cannot be opened');
    await expect.element(byId('error-panel')).toHaveTextContent('owner/name has no GGUF file.');
    await expect.element(byId('retry-button')).toHaveTextContent('Choose another model');
  });

  it('tries again with a shorter context when memory is short', async () => {
    const fail: Failing = { load: { name: 'OutOfMemory', message: 'too much' } };
    const fake = await open({ fail, inspection: { cached: true } });
    await byId('model-url-input').fill('owner/name');
    await byId('model-load-button').click();
    await byId('consent-accept').click();
    await expect.element(byId('error-panel')).toHaveAttribute('data-error', 'OutOfMemory');
    await byId('retry-button').click();
    await byId('settings-context-length').fill('256');
    await byId('settings-close').click();
    delete fail.load;
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.element(byId('composer')).toBeVisible();
    expect(fake.loads.map((load) => load.contextLength)).toEqual([undefined, 256]);
  });

  it.each(['DeviceLost', 'ModelNotLoaded'] as const)('%s: loads the model again and goes on', async (name) => {
    const fail: Failing = { generate: { name, message: 'gone' } };
    const fake = await openChat({ fail });
    await say('Hello');
    await expect.element(byId('error-panel')).toHaveAttribute('data-error', name);
    await byId('retry-button').click();
    delete fail.generate;
    await expect.element(byId('error-panel')).toHaveTextContent('The model is loaded again');
    expect(fake.loads.at(-1)?.source).toEqual({ kind: 'cached', id: 'kept-1' });
    await byId('retry-button').click();
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    await say('And then?');
    await expect.element(byId('message-assistant').nth(1)).toHaveAttribute('data-status', 'done');
    expect(fake.generations.at(-1)?.input).toMatchObject({ messages: [{ content: 'Hello' }, {}, {}] });
  });
});
