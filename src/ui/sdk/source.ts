/** Where a model comes from, as the page means it and as a worker needs it. Knows no network. */
import type { ModelSource } from '../../worker/api.ts';

/** A relative URL is meant from the page, and the worker lies elsewhere. Without a page (in Node) sources stay as they are. */
export function fromPage(source: ModelSource, base = pageUrl()): ModelSource {
  if (source.kind !== 'url' || URL.canParse(source.url) || !URL.canParse(source.url, base)) return source;
  return { ...source, url: new URL(source.url, base).href };
}

function pageUrl(): string | undefined {
  if (typeof document !== 'undefined') return document.baseURI;
  return typeof location === 'undefined' ? undefined : location.href;
}
