/** What is asked before it is loaded, and what is loaded again, over the scripted engine. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CachedModel } from '../../worker/api.ts';
import { EngineClient, type EngineChannel } from '../client.ts';
import { FakeEngine, type FakeScript } from '../testing/fake-engine.ts';
import { builtInIsLoaded, initialState, type AppState } from './app-state.ts';
import { ModelController, type BuiltIn } from './model-controller.ts';
import { Preferences } from './preferences.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { createStore, type Store } from './store.ts';

const REMOTE = { kind: 'url', url: 'https://example.test/model.gguf' } as const;
const OTHER = { kind: 'huggingFace', repo: 'owner/other' } as const;
const KEPT: CachedModel = {
  id: 'kept-1',
  name: 'Kept',
  url: REMOTE.url,
  sizeBytes: 10,
  storedBytes: 10,
  complete: true,
  lastUsedMs: 1,
};

interface Bench {
  readonly fake: FakeEngine;
  readonly store: Store<AppState>;
  readonly actions: ModelController['actions'];
  readonly persistStorage: ReturnType<typeof vi.fn<() => Promise<void>>>;
  readonly killWorker: () => void;
  readonly reach: <Kind extends AppState['phase']['kind']>(
    kind: Kind,
  ) => Promise<Extract<AppState['phase'], { kind: Kind }>>;
}

async function start(script: Partial<FakeScript> = {}, builtIn?: BuiltIn): Promise<Bench> {
  const fake = new FakeEngine(script);
  let channel: EngineChannel & EventTarget = fake.open();
  let numOpened = 0;
  const open = (): EngineChannel => {
    if (numOpened > 0) channel = fake.open();
    numOpened += 1;
    return channel;
  };
  const client = new EngineClient({ open, clientId: 'test' });
  onTestFinished(() => {
    client.close();
  });
  const settings = { ...DEFAULT_SETTINGS, contextLength: 512 };
  const store = createStore(initialState({ conversationId: 'c', settings }));
  const persistStorage = vi.fn(() => Promise.resolve());
  const preferences = new Preferences(undefined);
  const controller = new ModelController({
    client,
    store,
    preferences,
    builtIn: () => Promise.resolve(builtIn),
    loadUnasked: true,
    persistStorage,
  });
  await controller.start(undefined);
  return {
    fake,
    store,
    actions: controller.actions,
    persistStorage,
    killWorker: () => void channel.dispatchEvent(new Event('error')),
    reach: (kind) =>
      vi.waitFor(
        () => {
          const { phase } = store.state;
          if (!isKind(phase, kind)) throw new Error(`the phase is ${phase.kind}, not ${kind}`);
          return phase;
        },
        { interval: 2 },
      ),
  };
}

function isKind<Kind extends AppState['phase']['kind']>(
  phase: AppState['phase'],
  kind: Kind,
): phase is Extract<AppState['phase'], { kind: Kind }> {
  return phase.kind === kind;
}

describe('consent', () => {
  it('shows the numbers of the load that would follow', async () => {
    const { fake, actions, reach } = await start();
    actions.inspect(REMOTE);
    await reach('consent');
    expect(fake.inspections).toEqual([{ source: REMOTE, options: { contextLength: 512 } }]);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('with keep %s asks for lasting storage %i times', async (keep, times) => {
    const { fake, actions, reach, persistStorage } = await start();
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep });
    await reach('ready');
    expect(fake.loads[0]).toMatchObject({ source: REMOTE, keep, contextLength: 512 });
    expect(persistStorage).toHaveBeenCalledTimes(times);
  });

  it('is asked for again, as it was given, before a model that was not kept is fetched anew', async () => {
    const { fake, actions, reach } = await start();
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep: false });
    await reach('ready');
    for (const again of [actions.reloadModel, actions.restart]) {
      again();
      const { choice } = await reach('consent');
      expect(choice).toMatchObject({ source: REMOTE, keep: false });
      expect(fake.loads).toHaveLength(1);
    }
    actions.acceptConsent({ keep: false });
    await reach('ready');
    expect(fake.loads.at(-1)?.keep).toBe(false);
  });

  it('is needed once for a model all of which is here', async () => {
    const { fake, actions, reach } = await start({ inspection: { cached: true } });
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep: false });
    await reach('ready');
    actions.reloadModel();
    await vi.waitFor(() => {
      expect(fake.loads).toHaveLength(2);
    });
    await reach('ready');
  });

  it('comes before the retry of a download that failed, and the retry keeps nothing that was not to be kept', async () => {
    const fail: FakeScript['fail'] = { load: { name: 'NetworkFailed', message: 'offline' } };
    const { fake, actions, reach } = await start({ fail });
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep: false });
    expect(await reach('failed')).toMatchObject({ choice: { source: REMOTE, keep: false }, during: 'loading' });
    actions.retry();
    expect((await reach('consent')).choice.keep).toBe(false);
    expect(fake.loads).toHaveLength(1);
  });

  it('is not skipped by "load without keeping" when the header could not be read', async () => {
    const fail: { inspect?: { name: 'StorageUnavailable'; message: string } } = {
      inspect: { name: 'StorageUnavailable', message: 'private' },
    };
    const { fake, actions, reach } = await start({ fail });
    actions.inspect(REMOTE);
    await reach('failed');
    delete fail.inspect;
    actions.loadWithoutKeeping();
    expect((await reach('consent')).choice.keep).toBe(false);
    expect(fake.loads).toEqual([]);
  });
});

describe('the model that comes with the page', () => {
  const BUILT_IN: BuiltIn = { source: { kind: 'url', url: 'https://page.test/models/small.gguf' }, name: 'small' };

  it('is loaded unasked, and no space is asked for it', async () => {
    const { fake, reach, store, persistStorage } = await start({}, BUILT_IN);
    await reach('ready');
    expect(fake.inspections).toEqual([]);
    expect(fake.loads).toMatchObject([{ source: BUILT_IN.source, keep: false }]);
    expect(persistStorage).not.toHaveBeenCalled();
    expect(builtInIsLoaded(store.state)).toBe(true);
  });

  it('gives way to a model of the visitor and comes back when asked for', async () => {
    const { fake, actions, reach, store } = await start({}, BUILT_IN);
    await reach('ready');
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep: true });
    await reach('ready');
    expect(builtInIsLoaded(store.state)).toBe(false);
    actions.chooseModel();
    actions.loadBuiltIn();
    await vi.waitFor(() => {
      expect(builtInIsLoaded(store.state)).toBe(true);
    });
    expect(fake.loads.map(({ source }) => source)).toEqual([BUILT_IN.source, REMOTE, BUILT_IN.source]);
  });

  it('comes back without a question when the engine is started again', async () => {
    const { fake, actions, reach, killWorker } = await start({}, BUILT_IN);
    await reach('ready');
    killWorker();
    await reach('workerLost');
    actions.restart();
    await vi.waitFor(() => {
      expect(fake.loads).toHaveLength(2);
    });
    await reach('ready');
    expect(fake.inspections).toEqual([]);
  });

  it('does not keep the list away when it cannot be loaded', async () => {
    const fail: FakeScript['fail'] = { load: { name: 'HttpFailed', message: 'not found' } };
    const { actions, reach } = await start({ fail }, BUILT_IN);
    await reach('failed');
    actions.inspect(REMOTE);
    await reach('consent');
  });
});

describe('a lost worker', () => {
  it('comes back with the model that was on its way in, not with the one before', async () => {
    const { fake, actions, reach, killWorker } = await start({ tickMs: 5 });
    actions.inspect(REMOTE);
    await reach('consent');
    actions.acceptConsent({ keep: true });
    await reach('ready');
    actions.inspect(OTHER);
    await reach('consent');
    actions.acceptConsent({ keep: false });
    await vi.waitFor(() => {
      expect(fake.loads).toHaveLength(2);
    });
    killWorker();
    await reach('workerLost');
    actions.restart();
    expect((await reach('consent')).choice).toMatchObject({ source: OTHER, keep: false });
    expect(fake.loads.map(({ source }) => source)).toEqual([REMOTE, OTHER]);
  });

  it('comes back with the model that failed to load', async () => {
    const { actions, reach } = await start({
      cached: [KEPT],
      fail: { load: { name: 'DeviceLost', message: 'gone' } },
    });
    actions.loadCached(KEPT);
    const { choice } = await reach('failed');
    actions.restart();
    await reach('loading');
    expect((await reach('failed')).choice).toEqual(choice);
  });

  it('asks about a model nobody had agreed to', async () => {
    const file = new File(['x'], 'own.gguf');
    const { fake, actions, reach, killWorker } = await start({ tickMs: 20 });
    actions.inspect({ kind: 'file', file });
    await reach('inspecting');
    killWorker();
    await reach('workerLost');
    actions.restart();
    await reach('consent');
    expect(fake.loads).toEqual([]);
  });
});
