/** The worker's entry: puts the engine behind Comlink. The only file that touches `self`. */
import * as Comlink from 'comlink';
import { platformHost } from '../cache/host.ts';
import { ModelStore } from '../cache/model-store.ts';
import { platformStorage } from '../cache/quota.ts';
import { LinnetEngine } from './engine.ts';
import { GrammarEngine } from './grammar/grammar-engine.ts';
import { importEngine } from './grammar/import-engine.ts';

const store = new ModelStore();
const engine = new LinnetEngine({
  gpu: gpuOf(self.navigator),
  cache: { host: platformHost(), store, storage: platformStorage() },
  nowMs: () => performance.timeOrigin + performance.now(),
  randomU32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  ...(importEngine === undefined ? {} : { grammarEngine: new GrammarEngine(importEngine) }),
  later: (callback, ms) => {
    setTimeout(callback, ms);
  },
  selfTest: { records: store, platform: self.navigator.userAgent },
});

/** Bytes of a session go to the page without a copy. */
const save = engine.saveConversation.bind(engine);
engine.saveConversation = async (request) => {
  const saved = await save(request);
  return Comlink.transfer(saved, [saved.bytes.buffer]);
};

Comlink.expose(engine);

/** Browsers without WebGPU have no such property, whatever the types say. */
function gpuOf(navigator: { readonly gpu?: GPU }): GPU | undefined {
  return navigator.gpu;
}
