/** The library over a real engine on an adapter, with the built-in model, for its tests. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as Comlink from 'comlink';
import type { AdapterName } from './dawn.ts';
import { TestEngine } from './test-engine.ts';
import type { EngineStats, ModelSource } from '../../src/worker/api.ts';
import { createEngine } from '../../src/ui/sdk/create-engine.ts';
import type { Linnet, LoadOptions, Model } from '../../src/ui/sdk/linnet.ts';

export const MINI = resolve(import.meta.dirname, '../../public/models/linnet-mini-q4_0.gguf');

export interface MiniLibrary {
  readonly engine: Linnet;
  readonly model: Model;
  /** Of the engine behind it. */
  readonly stats: () => Promise<EngineStats>;
}

export function miniSource(): ModelSource {
  return { kind: 'file', file: new File([readFileSync(MINI)], 'mini.gguf') };
}

export async function miniLibrary(adapter: AdapterName, options: LoadOptions): Promise<MiniLibrary> {
  const { engine: worker } = await TestEngine.open(adapter);
  const { port1, port2 } = new MessageChannel();
  Comlink.expose(worker, port1);
  const engine = createEngine({ open: () => port2 });
  const model = await engine.load(miniSource(), options);
  return { engine, model, stats: () => worker.stats() };
}
