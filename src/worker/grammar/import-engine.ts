/**
 * The grammar engine in a page: its script lies beside the worker's and is fetched when a request first has a grammar. It keeps one
 * instance a module, and a module is evaluated once for each address, so every instance has a fragment of its own.
 */
import scriptUrl from '@mlc-ai/web-xgrammar?url&no-inline';
import type { EngineModule, ImportEngine } from './engine-module.ts';

/** The script is written for tags, too: it leaves itself here. */
const scope = globalThis as { xgrammar?: EngineModule };

/** Undefined in a build without grammars. */
export const importEngine: ImportEngine | undefined = async (serial) => {
  await import(/* @vite-ignore */ /* webpackIgnore: true */ `${scriptUrl}#${String(serial)}`);
  const module = scope.xgrammar;
  if (module === undefined) throw new Error('the script defines no engine');
  delete scope.xgrammar;
  return module;
};
