/** In place of `import-engine.ts` where the worker is a blob: it has no address beside which a script could lie. */
import type { ImportEngine } from './engine-module.ts';

export const importEngine: ImportEngine | undefined = undefined;
