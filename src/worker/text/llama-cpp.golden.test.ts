/**
 * Vocabularies made for this against the ids that llama.cpp gives for them: every rule of the pre-tokenizer table, Unigram
 * and RWKV. The real vocabularies of the reference corpus have a test of their own.
 */
import { describe, expect, it } from 'vitest';
import { resolve } from 'node:path';
import { metadataOf, readJson } from '../../../tools/fixtures/text.ts';
import { BYTE_CHARACTERS } from './byte-alphabet.ts';
import { createDetokenizer } from './detokenizer.ts';
import { PRE_TOKENIZERS } from './pre-tokenizer-table.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';
import { tokenId } from '../tokens.ts';

const NORMAL = 1;
const CONTROL = 3;
const PLAIN = { addSpecial: false, parseSpecial: false };
/** llama.cpp does not tell upper case from lower case in these; their rows follow the models' own tokenizer.json. */
const NOT_COMPARED = ['tiny_aya', 'cohere2moe', 'youtu'];

interface PreTokenizerGolden {
  readonly merges: string;
  readonly texts: readonly string[];
  readonly rules: readonly { names: readonly string[]; addBos: boolean; ids: readonly string[] }[];
}
interface UnigramGolden {
  readonly tokens: string;
  readonly scores: string;
  readonly types: string;
  readonly charsmapBase64: string;
  readonly texts: readonly string[];
  readonly cases: readonly { removeExtraSpaces: boolean; ids: readonly string[]; back: readonly string[] }[];
}
interface RwkvGolden {
  readonly tokens: string;
  readonly texts: readonly string[];
  readonly ids: readonly string[];
}

// A type parameter because the shape of our own file is known: the only guard it needs is the test itself.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
const golden = <T>(name: string): T =>
  readJson(resolve(import.meta.dirname, `../../../tools/fixtures/tokenizers/${name}.json`)) as T;

/** Ids of each text as "1 2 3", and the text given back piece by piece where it is not the text itself. */
const idsOf = (tokenizer: Tokenizer, texts: readonly string[]): string[] =>
  texts.map((text) => tokenizer.encode(text, PLAIN).join(' '));

function streamed(tokenizer: Tokenizer, ids: string): string {
  const detokenizer = createDetokenizer(tokenizer, { atStart: true });
  const pieces = ids.split(' ').flatMap((id) => (id === '' ? [] : [detokenizer.push(tokenId(Number(id)))]));
  return pieces.join('') + detokenizer.flush();
}

describe('pre-tokenizers', () => {
  const { merges, texts, rules } = golden<PreTokenizerGolden>('pre-tokenizers');
  const tokens = [...new Set([...BYTE_CHARACTERS, ...merges.split('\n').map((m) => m.replace(' ', ''))])];
  const make = (pre: string): Tokenizer =>
    createTokenizer(
      metadataOf({
        'tokenizer.ggml.model': 'gpt2',
        'tokenizer.ggml.pre': pre,
        'tokenizer.ggml.tokens': [...tokens, '<|endoftext|>'],
        'tokenizer.ggml.token_type': [...tokens.map(() => NORMAL), CONTROL],
        'tokenizer.ggml.merges': merges.split('\n'),
        'tokenizer.ggml.bos_token_id': tokens.length,
        'tokenizer.ggml.eos_token_id': tokens.length,
      }),
    );

  it('are all in the golden file', () => {
    const names = [...rules.flatMap((rule) => rule.names), ...NOT_COMPARED];
    expect(names.sort()).toEqual([...PRE_TOKENIZERS.keys()].sort());
    expect(new Set(rules.map(({ addBos, ids }) => JSON.stringify({ addBos, ids }))).size).toBe(rules.length);
  });

  it.each(rules)('$names', ({ names, addBos, ids }) => {
    for (const name of names) {
      const tokenizer = make(name);
      expect(idsOf(tokenizer, texts)).toEqual(ids);
      expect(tokenizer.addBos).toBe(addBos);
    }
  });
});

describe('Unigram', () => {
  const { tokens, scores, types, charsmapBase64, texts, cases } = golden<UnigramGolden>('unigram');
  const make = (removeExtraSpaces: boolean): Tokenizer =>
    createTokenizer(
      metadataOf({
        'tokenizer.ggml.model': 't5',
        'tokenizer.ggml.tokens': tokens.split('\n'),
        'tokenizer.ggml.scores': scores.split(' ').map(Number),
        'tokenizer.ggml.token_type': types.split(' ').map(Number),
        'tokenizer.ggml.precompiled_charsmap': [...Buffer.from(charsmapBase64, 'base64')],
        'tokenizer.ggml.add_space_prefix': true,
        'tokenizer.ggml.remove_extra_whitespaces': removeExtraSpaces,
      }),
    );

  it.each(cases)('with removeExtraSpaces $removeExtraSpaces', ({ removeExtraSpaces, ids, back }) => {
    const tokenizer = make(removeExtraSpaces);
    expect(idsOf(tokenizer, texts)).toEqual(ids);
    expect(ids.map((row) => streamed(tokenizer, row))).toEqual(back);
  });

  it('adds EOS and no BOS, and knows both by the defaults of T5', () => {
    const { addBos, addEos, eosId, bosId } = make(true);
    expect({ addBos, addEos, eosId, bosId }).toEqual({ addBos: false, addEos: true, eosId: 1, bosId: undefined });
  });
});

describe('RWKV', () => {
  const { tokens, texts, ids } = golden<RwkvGolden>('rwkv');
  const tokenTexts = tokens.split('\n');
  const tokenizer = createTokenizer(
    metadataOf({
      'tokenizer.ggml.model': 'rwkv',
      'tokenizer.ggml.tokens': tokenTexts,
      'tokenizer.ggml.token_type': tokenTexts.map((_, id) => (id === 0 ? CONTROL : NORMAL)),
    }),
  );

  it('takes the longest token at each place', () => {
    expect(idsOf(tokenizer, texts)).toEqual(ids);
  });

  it('parses a control token only when asked', () => {
    expect(tokenizer.encode('<s>', { addSpecial: false, parseSpecial: true })).toEqual([0]);
    expect(tokenizer.encode('<s>', PLAIN)).toEqual([...'<s>'].map((c) => 1 + c.charCodeAt(0)));
    expect(tokenizer.encode('a', { addSpecial: true, parseSpecial: true })).toEqual([1 + 0x61]);
  });

  it('gives every text back, held back to whole characters', () => {
    expect(ids.map((row) => streamed(tokenizer, row))).toEqual(texts);
    const detokenizer = createDetokenizer(tokenizer);
    const bytes = [0xe6, 0x97, 0xa5].map((byte) => tokenId(1 + byte));
    expect(bytes.map((id) => detokenizer.push(id))).toEqual(['', '', '日']);
  });
});
