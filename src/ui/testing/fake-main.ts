/**
 * The page over the scripted engine, for development and for tests: `fake.html?script={json}`. The worker can be made to
 * die with `?dieAfterMs=`. No production entry leads here.
 */
import { EngineClient, type EngineChannel } from '../client.ts';
import { startApp } from '../start.ts';
import { FakeEngine } from './fake-engine.ts';

const query = new URLSearchParams(location.search);
const script: unknown = JSON.parse(query.get('script') ?? '{}');
const dieAfterMs = Number(query.get('dieAfterMs') ?? 0);
const fake = new FakeEngine(typeof script === 'object' && script !== null ? script : {});
let numOpened = 0;

function open(): EngineChannel {
  const port = fake.open();
  numOpened += 1;
  if (dieAfterMs > 0 && numOpened === 1) {
    setTimeout(
      () => port.dispatchEvent(Object.assign(new Event('error'), { message: 'the scripted engine died' })),
      dieAfterMs,
    );
  }
  return port;
}

await startApp(new EngineClient({ open }), document.body);
