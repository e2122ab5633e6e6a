/**
 * How a visitor came here: by a link that names a model, by something shared from another app, by opening a file with the
 * installed page. It reads what the address and the system hand over and decides nothing.
 */
import type { ModelSource } from '../worker/api.ts';
import { parseSource } from './state/source.ts';

export interface Arrival {
  /** A model to look at. */
  readonly source: ModelSource | undefined;
  /** Words for the composer, which the visitor may still change. */
  readonly text: string;
}

/**
 * `?model=` is an address, path or repository; `?url=`, `?text=` and `?title=` are what the manifest's share target sends.
 * A shared address of a GGUF file or a repository is a model; anything else that was shared is text to talk about.
 */
export function readArrival(search: string, base: string): Arrival {
  const parameters = new URLSearchParams(search);
  const named = parseSource(parameters.get('model') ?? '', base);
  if (named.kind === 'source') return { source: named.source, text: parameters.get('text') ?? '' };
  const parts = ['title', 'text', 'url']
    .map((name) => parameters.get(name)?.trim() ?? '')
    .filter((part) => part !== '');
  // Many apps put the address at the end of the text.
  const shared = parts.flatMap((part) => part.split(/\s+/)).find((word) => isModelAddress(word));
  if (shared === undefined) return { source: undefined, text: parts.join('\n') };
  const parsed = parseSource(shared, base);
  return { source: parsed.kind === 'source' ? parsed.source : undefined, text: '' };
}

function isModelAddress(word: string): boolean {
  return (
    /^https?:\/\/\S+\.gguf(\?\S*)?$/i.test(word) ||
    /^https?:\/\/(www\.)?(huggingface\.co|hf\.co)\/[^/]+\/[^/]+/i.test(word)
  );
}

/** The part of the launch queue that is used; lib.dom does not know it yet. Source: Web App Launch Handler API. */
interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files?: readonly FileSystemFileHandle[] }) => void): void;
}

/** Calls back with each file that the system opens with the installed page, also later on. */
export function onOpenedFile(open: (file: File) => void): void {
  const { launchQueue } = globalThis as { readonly launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(({ files = [] }) => {
    const [first] = files;
    // A file that is gone by now is no more than a window without it.
    void first?.getFile().then(open, () => undefined);
  });
}
