/**
 * What a person typed, or a link carried, as the source of a model. It fetches nothing: whether the model exists is the
 * engine's business.
 */
import type { ModelSource } from '../../worker/api.ts';

export type ParsedSource =
  { readonly kind: 'source'; readonly source: ModelSource } | { readonly kind: 'invalid' } | { readonly kind: 'empty' };

const HUB_HOSTS: ReadonlySet<string> = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co']);
const NAME = /^[\w.-]+$/;

/** `base` resolves paths such as `/models/x.gguf`: the page's own address. */
export function parseSource(text: string, base: string): ParsedSource {
  const typed = text.trim();
  if (typed === '') return { kind: 'empty' };
  if (/^https?:\/\//i.test(typed)) return parseUrl(typed);
  if (/^(hf\.co|huggingface\.co)\//i.test(typed)) return parseUrl(`https://${typed}`);
  if (/^\.{0,2}\//.test(typed)) return parseUrl(new URL(typed, base).href);
  return parseRepo(typed.split('/'));
}

function parseUrl(text: string): ParsedSource {
  if (!URL.canParse(text)) return { kind: 'invalid' };
  const url = new URL(text);
  if (!HUB_HOSTS.has(url.hostname)) return { kind: 'source', source: { kind: 'url', url: url.href } };
  const [owner = '', name = '', verb, revision, ...file] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const isFile = (verb === 'resolve' || verb === 'blob') && revision !== undefined && file.length > 0;
  if (!isFile) return parseRepo([owner, name]);
  return {
    kind: 'source',
    source: {
      kind: 'huggingFace',
      repo: `${owner}/${name}`,
      file: file.join('/'),
      ...(revision === 'main' ? {} : { revision }),
    },
  };
}

/** `owner/name`, or `owner/name/path/of/file.gguf`. */
function parseRepo(parts: readonly string[]): ParsedSource {
  const [owner = '', name = '', ...file] = parts;
  if (!NAME.test(owner) || !NAME.test(name) || file.includes('')) return { kind: 'invalid' };
  const repo = `${owner}/${name}`;
  return {
    kind: 'source',
    source: { kind: 'huggingFace', repo, ...(file.length > 0 ? { file: file.join('/') } : {}) },
  };
}

/** A short name for what is being looked at, before its header has told the real one. */
export function describeSource(source: ModelSource): string {
  switch (source.kind) {
    case 'url': {
      const last = source.url.split(/[?#]/)[0]?.split('/').at(-1) ?? '';
      return last === '' ? source.url : last;
    }
    case 'huggingFace':
      return source.file === undefined ? source.repo : (source.file.split('/').at(-1) ?? source.repo);
    case 'file':
      return source.file.name;
    case 'cached':
      return source.id;
  }
}
