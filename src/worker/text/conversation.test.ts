/** Going on with a conversation: the previous ids are kept, and the ids stand for the rendered text. */
import { describe, expect, it } from 'vitest';
import {
  randomIntegers,
  randomText,
  reference,
  referenceMetadata,
  tinyBpe,
  tinySpm,
} from '../../../tools/fixtures/text.ts';
import { continueRendering, createReplyDetokenizer, encodePrompt } from './conversation.ts';
import { tokenId } from '../tokens.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const NUM_ROUNDS = 100;
const show = (tokenizer: Tokenizer, ids: readonly number[]): string =>
  tokenizer.decode(ids.map(tokenId), { special: true });

describe('encodePrompt', () => {
  it('adds BOS where the model wants it and the text has none', () => {
    const spm = createTokenizer(tinySpm());
    expect(encodePrompt(spm, 'ab')[0]).toBe(1);
    expect(encodePrompt(spm, '<s>ab')).toEqual(encodePrompt(spm, 'ab'));
    const bpe = createTokenizer(tinyBpe());
    expect(encodePrompt(bpe, 'hello')).toHaveLength(1);
    expect(encodePrompt(createTokenizer(tinyBpe({ 'tokenizer.ggml.add_bos_token': true })), 'hello')).toHaveLength(2);
  });
});

describe('continueRendering', () => {
  const bpe = createTokenizer(tinyBpe());
  const spm = createTokenizer(tinySpm());

  it('keeps ids that encoding the text anew would not give', () => {
    // The model wrote "hello" as "hell" + "o".
    const prompt = encodePrompt(bpe, '<|im_start|>');
    const written = [...bpe.encode('hell', { addSpecial: false, parseSpecial: false }), tokenId('o'.charCodeAt(0))];
    expect(bpe.encode('hello', { addSpecial: false, parseSpecial: false })).not.toEqual(written);
    const previous = { text: '<|im_start|>hello', ids: [...prompt, ...written] };
    const next = continueRendering(previous, '<|im_start|>hello<|im_end|>hello', bpe);
    expect(next.numCommon).toBe(3);
    expect(next.ids.slice(0, 3)).toEqual(previous.ids);
    expect(next.ids.slice(3)).toEqual(bpe.encode('<|im_end|>hello', { addSpecial: false, parseSpecial: true }));
    expect(show(bpe, next.ids)).toBe('<|im_start|>hello<|im_end|>hello');
  });

  it('encodes anew where the text differs, and says how much agrees', () => {
    const previous = { text: 'hello hello', ids: encodePrompt(bpe, 'hello hello') };
    const next = continueRendering(previous, 'hello world', bpe);
    expect(next.ids).toEqual(encodePrompt(bpe, 'hello world'));
    expect(next.numCommon).toBe(1);
    expect(continueRendering({ text: '', ids: [] }, 'hello', bpe)).toMatchObject({ numCommon: 0 });
  });

  it('encodes anew where a special token or a character lies across the boundary', () => {
    const cut = { text: 'hello<|im_', ids: encodePrompt(bpe, 'hello<|im_') };
    expect(continueRendering(cut, 'hello<|im_end|>', bpe).ids).toEqual(encodePrompt(bpe, 'hello<|im_end|>'));
    const half = { text: 'a\ud83d', ids: encodePrompt(bpe, 'a\ud83d') };
    expect(show(bpe, continueRendering(half, 'a😀', bpe).ids)).toBe('a😀');
  });

  it('puts no SPM space into the middle of a text, and one after a special token', () => {
    const previous = { text: 'ab', ids: encodePrompt(spm, 'ab') };
    expect(continueRendering(previous, 'abc', spm).ids.slice(previous.ids.length)).toEqual(
      spm.encode('c', { addSpecial: false, parseSpecial: false, after: previous.ids.at(-1) }),
    );
    const turn = { text: 'ab<|user|>', ids: encodePrompt(spm, 'ab<|user|>') };
    expect(continueRendering(turn, 'ab<|user|>ab', spm).ids).toEqual(encodePrompt(spm, 'ab<|user|>ab'));
  });

  it('trims after a special token as the whole text would be trimmed', () => {
    const phi = createTokenizer(tinySpm({ 'general.name': 'Phi-3 mini' }));
    const previous = { text: 'ab<|user|>', ids: encodePrompt(phi, 'ab<|user|>') };
    expect(continueRendering(previous, 'ab<|user|>\nab', phi).ids).toEqual(encodePrompt(phi, 'ab<|user|>\nab'));
  });
});

describe('a reply in the next prompt', () => {
  it('shows an SPM reply without the space after a special token, so that the same ids come again', () => {
    const spm = createTokenizer(tinySpm());
    const prompt = { text: 'ab<|user|>', ids: encodePrompt(spm, 'ab<|user|>') };
    const reply = spm.encode('abc', { addSpecial: false, parseSpecial: false });
    const detokenizer = createReplyDetokenizer(spm, prompt.ids);
    const text = reply.map((id) => detokenizer.push(id)).join('') + detokenizer.flush();
    expect(text).toBe('abc');
    expect(encodePrompt(spm, prompt.text + text)).toEqual([...prompt.ids, ...reply]);
    const midText = createReplyDetokenizer(spm, encodePrompt(spm, 'ab'));
    expect(reply.map((id) => midText.push(id)).join('')).toBe(' abc');
  });
});

describe.each(['tiny BPE', 'spm-tok512-noprefix', 'bpe-llama-bpe', 'real-qwen2'])('random turns (%s)', (name) => {
  it('ids stand for the rendered text', async ({ skip }) => {
    if (name !== 'tiny BPE' && 'missing' in reference) return skip(reference.missing);
    const metadata =
      'missing' in reference || name === 'tiny BPE' ? tinyBpe() : await referenceMetadata(reference.folder, name);
    const tokenizer = createTokenizer(metadata);
    const bos = tokenizer.addBos && tokenizer.bosId !== undefined ? tokenizer.tokenText(tokenizer.bosId) : '';
    const random = randomIntegers(5);
    let numContinued = 0;
    for (let round = 0; round < NUM_ROUNDS; round++) {
      const first = bos + randomText(random, 12);
      let state = { text: first, ids: encodePrompt(tokenizer, first) };
      for (let turn = 0; turn < 3; turn++) {
        const text = state.text + randomText(random, 8);
        const next = continueRendering(state, text, tokenizer);
        expect(show(tokenizer, next.ids)).toBe(text);
        expect(next.ids.slice(0, next.numCommon)).toEqual(state.ids.slice(0, next.numCommon));
        if (next.numCommon === state.ids.length) numContinued++;
        state = next;
      }
    }
    expect(numContinued).toBeGreaterThan(2 * NUM_ROUNDS);
  });
});
