/** Links, shared words and opened files, as the address and the system hand them over. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { onOpenedFile, readArrival } from './arrival.ts';

const BASE = 'https://example.org/linnet/';

describe('readArrival', () => {
  it('takes a model from its own parameter', () => {
    expect(readArrival('?model=owner/name', BASE)).toEqual({
      source: { kind: 'huggingFace', repo: 'owner/name' },
      text: '',
    });
    expect(readArrival('?model=./m.gguf', BASE).source).toEqual({ kind: 'url', url: `${BASE}m.gguf` });
  });

  it('takes a shared address of a model wherever it stands', () => {
    const url = 'https://models.example/a/b.gguf';
    const source = { kind: 'url', url };
    expect(readArrival(`?url=${encodeURIComponent(url)}`, BASE)).toEqual({ source, text: '' });
    expect(readArrival(`?title=Small&text=${encodeURIComponent(`Try this: ${url}`)}`, BASE)).toEqual({
      source,
      text: '',
    });
    expect(readArrival(`?text=${encodeURIComponent('https://huggingface.co/owner/name')}`, BASE).source).toEqual({
      kind: 'huggingFace',
      repo: 'owner/name',
    });
  });

  it('takes anything else that was shared as words', () => {
    const query = `?title=${encodeURIComponent('A page')}&text=Look&url=${encodeURIComponent('https://example.org/page')}`;
    expect(readArrival(query, BASE)).toEqual({ source: undefined, text: 'A page\nLook\nhttps://example.org/page' });
    expect(readArrival('', BASE)).toEqual({ source: undefined, text: '' });
  });
});

describe('onOpenedFile', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('hands over the first file of each launch, and nothing for a launch without one or with one that is gone', async () => {
    type Launch = { files?: { getFile: () => Promise<File> }[] };
    let launch: (what: Launch) => void = () => undefined;
    vi.stubGlobal('launchQueue', { setConsumer: (consumer: typeof launch) => (launch = consumer) });
    const opened: string[] = [];
    onOpenedFile((file) => opened.push(file.name));
    launch({});
    launch({ files: [{ getFile: () => Promise.reject(new Error('gone')) }] });
    launch({ files: [{ getFile: () => Promise.resolve(new File(['x'], 'a.gguf')) }] });
    await Promise.resolve();
    await Promise.resolve();
    expect(opened).toEqual(['a.gguf']);
  });

  it('does nothing in a browser without a launch queue', () => {
    expect(() => {
      onOpenedFile(() => undefined);
    }).not.toThrow();
  });
});
