/** The tokenizer on two vocabularies small enough to check by hand. */
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  metadataOf,
  tinyBpe,
  TINY_BPE_MERGES,
  tinySpm,
  TINY_SPM_PIECES,
  TINY_WORD_PIECES,
  tinyWordPiece,
} from '../../../tools/fixtures/text.ts';
import { tokenId } from '../tokens.ts';
import { preTokenizerNamed, splitWords } from './pre-tokenizers.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const PLAIN = { addSpecial: false, parseSpecial: false };
const PARSED = { addSpecial: false, parseSpecial: true };

describe('SPM', () => {
  const tokenizer = createTokenizer(tinySpm());
  const piece = (text: (typeof TINY_SPM_PIECES)[number]): number => 259 + TINY_SPM_PIECES.indexOf(text);
  const byte = (value: number): number => 3 + value;
  const USER = 259 + TINY_SPM_PIECES.length;
  const TOOL = USER + 1;

  it('merges the best score first, leftmost among equals, with a space in front', () => {
    // ▁ a b c: ab (-4) beats bc (-5) and ▁a (-6); then ▁ab (-7) beats abc (-8).
    expect(tokenizer.encode('abc', PLAIN)).toEqual([piece('▁ab'), piece('c')]);
    expect(tokenizer.encode('', PLAIN)).toEqual([]);
    expect(tokenizer.encode(' ', PLAIN)).toEqual([piece('▁'), piece('▁')]);
  });

  it('falls back to bytes for what no piece covers, and never to control, unknown or byte tokens', () => {
    expect(tokenizer.encode('é€', PLAIN)).toEqual([piece('▁'), piece('é'), byte(0xe2), byte(0x82), byte(0xac)]);
    expect(tokenizer.encode('<s>', PLAIN)).toEqual([piece('▁'), byte(0x3c), byte(0x73), byte(0x3e)]);
  });

  it('parses control tokens only when asked, user-defined ones always', () => {
    expect(tokenizer.encode('a<|user|>b', PARSED)).toEqual([piece('▁a'), USER, piece('▁'), piece('b')]);
    expect(tokenizer.encode('a<|user|>b', PLAIN)).not.toContain(USER);
    expect(tokenizer.encode('<tool>', PLAIN)).toEqual([TOOL]);
  });

  it('adds BOS and EOS as the file says', () => {
    const added = { addSpecial: true, parseSpecial: false };
    expect(tokenizer.encode('a', added)).toEqual([1, piece('▁a')]);
    const both = createTokenizer(tinySpm({ 'tokenizer.ggml.add_eos_token': true }));
    expect(both.encode('a', added)).toEqual([1, piece('▁a'), 2]);
    const none = createTokenizer(tinySpm({ 'tokenizer.ggml.add_bos_token': false }));
    expect(none.encode('a', added)).toEqual([piece('▁a')]);
  });

  it('puts no space before text that follows text, and none at all where the file says so', () => {
    expect(tokenizer.encode('a', { ...PLAIN, after: tokenId(piece('b')) })).toEqual([piece('a')]);
    expect(tokenizer.encode('a', { ...PLAIN, after: tokenId(USER) })).toEqual([piece('▁a')]);
    const bare = createTokenizer(tinySpm({ 'tokenizer.ggml.add_space_prefix': false }));
    expect(bare.encode('a', PLAIN)).toEqual([piece('a')]);
  });

  it('drops white space after special tokens in Phi-3 files alone', () => {
    const phi = createTokenizer(tinySpm({ 'general.name': 'Phi3' }));
    expect(phi.encode('<|user|>\n a', PARSED)).toEqual([USER, piece('▁a')]);
    expect(tokenizer.encode('<|user|>\n', PARSED)).toEqual([USER, piece('▁'), byte(10)]);
  });

  it('gives texts back', () => {
    const ids = [1, piece('▁ab'), byte(0xe2), byte(0x82), byte(0xac), USER, piece('▁')].map(tokenId);
    expect(tokenizer.decode(ids, { special: false })).toBe(' ab€ ');
    expect(tokenizer.decode(ids, { special: true })).toBe('<s> ab€<|user|> ');
    expect(tokenizer.decode(ids.slice(1, 2), { special: false })).toBe('ab');
    expect(tokenizer.decode(ids.slice(1, 2), { special: false, keepLeadingSpace: true })).toBe(' ab');
    expect(tokenizer.decode([tokenId(byte(0xe2)), tokenId(99_999)], { special: false })).toBe('\ufffd');
  });
});

describe('byte-level BPE', () => {
  const tokenizer = createTokenizer(tinyBpe());
  const merged = (merge: (typeof TINY_BPE_MERGES)[number]): number => 256 + TINY_BPE_MERGES.indexOf(merge);
  const END = 256 + TINY_BPE_MERGES.length;

  it('merges by rank within words', () => {
    expect(tokenizer.encode('hello', PLAIN)).toEqual([merged('hell o')]);
    expect(tokenizer.encode('hell hello w', PLAIN)).toEqual([
      merged('he ll'),
      ...bytesOf(' '),
      merged('hell o'),
      merged('Ġ w'),
    ]);
    // "l o" is no merge, and "o w" would cross a word.
    expect(tokenizer.encode('lo wé', PLAIN)).toEqual([...bytesOf('lo'), merged('Ġ w'), ...bytesOf('é')]);
  });

  it('takes whole words first where the pre-tokenizer says so', () => {
    const tokens = ['abc', 'a', 'b', 'c'];
    const make = (pre: string): ReturnType<typeof createTokenizer> =>
      createTokenizer(
        metadataOf({
          'tokenizer.ggml.model': 'gpt2',
          'tokenizer.ggml.pre': pre,
          'tokenizer.ggml.tokens': tokens,
          'tokenizer.ggml.merges': [],
        }),
      );
    expect(make('llama-bpe').encode('abc', PLAIN)).toEqual([0]);
    expect(make('qwen2').encode('abc', PLAIN)).toEqual([1, 2, 3]);
  });

  it('parses special tokens longest first and shows them on request', () => {
    const ids = tokenizer.encode('<|im_start|>h<|im_end|><think>', PARSED);
    expect(ids).toEqual([END + 1, ...bytesOf('h'), END + 2, END + 3]);
    expect(tokenizer.decode(ids, { special: false })).toBe('h<think>');
    expect(tokenizer.decode(ids, { special: true })).toBe('<|im_start|>h<|im_end|><think>');
    expect(tokenizer.encode('<think>', PLAIN)).toEqual([END + 3]);
    expect(tokenizer.encode('<|im_end|>', PLAIN)).toEqual(bytesOf('<|im_end|>'));
  });

  it('knows what ends a generation', () => {
    expect([END, END + 1, END + 2, END + 3].map((id) => tokenizer.isEndOfGeneration(tokenId(id)))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('does not end a generation at an ordinary word that looks like an end token, but parses it', () => {
    const tokens = ['</s>', '<', '/', 's', '>', '<e>'];
    const html = createTokenizer(
      metadataOf({
        'tokenizer.ggml.model': 'gpt2',
        'tokenizer.ggml.pre': 'qwen2',
        'tokenizer.ggml.tokens': tokens,
        'tokenizer.ggml.token_type': [1, 1, 1, 1, 1, 3],
        'tokenizer.ggml.eos_token_id': 5,
        'tokenizer.ggml.merges': [],
      }),
    );
    expect(html.encode('</s>', PARSED)).toEqual([0]);
    expect(html.encode('</s>', PLAIN)).toEqual([1, 2, 3, 4]);
    expect(html.isEndOfGeneration(tokenId(0))).toBe(false);
    expect(html.isEndOfGeneration(tokenId(5))).toBe(true);
  });

  it('names where a special token is, or would be cut', () => {
    expect(tokenizer.specialId('<|im_end|>')).toBe(END + 2);
    expect(tokenizer.specialId('h')).toBeUndefined();
    const text = 'a<|im_end|>b';
    expect([0, 1, 2, 10, 11, 12].map((at) => tokenizer.specialSpans(text, at))).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('cleans up spaces only when asked, and only where the vocabulary does', () => {
    const ids = tokenizer.encode("he ! it 's", PLAIN);
    expect(tokenizer.decode(ids, { special: false })).toBe("he ! it 's");
    expect(tokenizer.decode(ids, { special: false, cleanUpSpaces: true })).toBe("he! it's");
    const qwen = createTokenizer(tinyBpe({ 'tokenizer.ggml.pre': 'qwen2' }));
    expect(qwen.decode(ids, { special: false, cleanUpSpaces: true })).toBe("he ! it 's");
  });
});

describe('WordPiece', () => {
  const tokenizer = createTokenizer(tinyWordPiece());
  const piece = (text: (typeof TINY_WORD_PIECES)[number]): number => 5 + TINY_WORD_PIECES.indexOf(text);
  const UNK = 1;

  it('takes the longest pieces from the left, or the whole word as unknown', () => {
    expect(tokenizer.encode('playing', PLAIN)).toEqual([piece('▁play'), piece('ing')]);
    expect(tokenizer.encode('plays', PLAIN)).toEqual([piece('▁play'), piece('s')]);
    expect(tokenizer.encode('playz s', PLAIN)).toEqual([UNK, piece('▁s')]);
    expect(tokenizer.encode(' \n', PLAIN)).toEqual([]);
  });

  it('lower-cases, strips accents, and cuts at white space, punctuation and Chinese characters', () => {
    expect(tokenizer.encode('  PLÁYS\u00a0é!你é\u200b', PLAIN)).toEqual([
      piece('▁play'),
      piece('s'),
      piece('▁e'),
      piece('▁!'),
      piece('▁你'),
      piece('▁e'),
    ]);
    const cased = createTokenizer(tinyWordPiece({ 'tokenizer.ggml.normalizer.lowercase': false }));
    expect(cased.encode('PLAY play é', PLAIN)).toEqual([UNK, piece('▁play'), UNK]);
  });

  it('stands between [CLS] and [SEP]', () => {
    const around = { addSpecial: true, parseSpecial: false };
    expect(tokenizer.encode('s', around)).toEqual([2, piece('▁s'), 3]);
    expect(tokenizer).toMatchObject({ bosId: 2, separatorId: 3, eosId: undefined, addBos: true, addSeparator: true });
    expect(tokenizer.encode('[SEP]', PARSED)).toEqual([3]);
    expect(tokenizer.encode('[SEP]', PLAIN)).not.toContain(3);
  });

  it('gives texts back with a space before each word, but for punctuation', () => {
    const ids = tokenizer.encode('Playing s!', { addSpecial: true, parseSpecial: false });
    expect(tokenizer.decode(ids, { special: false, cleanUpSpaces: true })).toBe(' playing s!');
    expect(tokenizer.decode(ids.slice(0, 2), { special: true })).toBe('[CLS] play');
  });
});

describe('special tokens of some models', () => {
  const withTokens = (tokens: readonly string[], more: Readonly<Record<string, unknown>> = {}): Tokenizer =>
    createTokenizer(
      metadataOf({
        'tokenizer.ggml.model': 'gpt2',
        'tokenizer.ggml.pre': 'qwen2',
        'tokenizer.ggml.tokens': tokens,
        'tokenizer.ggml.token_type': tokens.map((text) => (text.length > 1 ? 4 : 1)),
        'tokenizer.ggml.merges': [],
        ...more,
      }),
    );

  it('finds the tokens for filling in the middle by key, or by their texts', () => {
    const tokens = ['a', '<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '<|fim_pad|>', '<|file_sep|>', '<mine>'];
    const byText = withTokens(tokens);
    expect([...byText.fimIds]).toEqual([
      ['prefix', 1],
      ['suffix', 2],
      ['middle', 3],
      ['pad', 4],
      ['separator', 5],
    ]);
    expect(withTokens(tokens, { 'tokenizer.ggml.fim_pre_token_id': 6 }).fimIds.get('prefix')).toBe(6);
    expect(withTokens(tokens, { 'tokenizer.ggml.middle_token_id': 6 }).fimIds.get('middle')).toBe(6);
    // Control tokens, whatever the file calls them; what stands between files ends a generation.
    expect(byText.encode('<|fim_prefix|>a', PARSED)).toEqual([1, 0]);
    expect(byText.encode('<|fim_prefix|>a', PLAIN)).toEqual([0]);
    expect(byText.decode([tokenId(0), tokenId(3)], { special: false })).toBe('a');
    expect([1, 2, 3, 4, 5].map((id) => byText.isEndOfGeneration(tokenId(id)))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('drops the white space before a mask in encoders that were trained so', () => {
    const tokens = ['a', 'Ġ', '[MASK]'];
    expect(withTokens(tokens, { 'general.name': 'ModernBERT' }).encode('a [MASK] a', PARSED)).toEqual([0, 1, 2, 1, 0]);
    expect(withTokens(tokens, { 'general.name': 'Modern-Bert' }).encode('a [MASK] a', PARSED)).toEqual([0, 2, 1, 0]);
  });

  it('knows the ids of SentencePiece where the file leaves them out', () => {
    const keys = { 'tokenizer.ggml.bos_token_id': undefined, 'tokenizer.ggml.eos_token_id': undefined };
    expect(createTokenizer(tinySpm(keys))).toMatchObject({ bosId: 1, eosId: 2, addBos: true });
    const allNormal = tinySpm({ ...keys, 'tokenizer.ggml.token_type': undefined });
    expect(createTokenizer(allNormal)).toMatchObject({ bosId: undefined, eosId: undefined, addBos: false });
  });
});

describe('splitWords', () => {
  const words = (name: string, text: string): string[] => splitWords(text, preTokenizerNamed(name));

  it('cuts numbers in threes from the right, and words where the case changes, as tiny_aya wants', () => {
    expect(words('tiny_aya', '1234567 12 abc 1234x')).toEqual([
      '1',
      '234',
      '567',
      ' ',
      '12',
      ' abc',
      ' ',
      '123',
      '4',
      'x',
    ]);
    expect(words('tiny_aya', "camelCase ÉCOLE e\u0301tÉ's")).toEqual(['camel', 'Case', ' ÉCOLE', ' e\u0301t', "É's"]);
    expect(words('youtu', '안녕hello 你好ABCdef12')).toEqual(['안녕', 'hello', ' ', '你好', 'ABCdef', '1', '2']);
  });
});

describe('what is refused', () => {
  it.each([
    [
      'another tokenizer',
      tinyBpe({ 'tokenizer.ggml.model': 'plamo2' }),
      'UnsupportedTokenizer',
      /"plamo2".*"llama".*"gpt2".*"bert"/,
    ],
    ['none', metadataOf({}), 'UnsupportedTokenizer', /"none"/],
    ['the name of a property', tinyBpe({ 'tokenizer.ggml.model': 'toString' }), 'UnsupportedTokenizer', /"toString"/],
    ['another pre-tokenizer', tinyBpe({ 'tokenizer.ggml.pre': 'odd' }), 'UnsupportedTokenizer', /"odd".*qwen2/],
    ['no pre-tokenizer', tinyBpe({ 'tokenizer.ggml.pre': undefined }), 'UnsupportedTokenizer', /does not name/],
    ['no tokens', tinyBpe({ 'tokenizer.ggml.tokens': undefined }), 'GgufInvalid', /no vocabulary/],
    ['no merges', tinyBpe({ 'tokenizer.ggml.merges': undefined }), 'GgufInvalid', /merges/],
    ['the fallback of others', tinyBpe({ 'tokenizer.ggml.pre': 'default' }), 'UnsupportedTokenizer', /"default"/],
    [
      'a WordPiece without [UNK]',
      tinyWordPiece({ 'tokenizer.ggml.unknown_token_id': undefined }),
      'GgufInvalid',
      /unknown/,
    ],
    [
      'a Unigram without scores',
      tinySpm({ 'tokenizer.ggml.model': 't5', 'tokenizer.ggml.scores': undefined }),
      'GgufInvalid',
      /scores/,
    ],
    [
      'damaged normalization rules',
      tinySpm({ 'tokenizer.ggml.model': 't5', 'tokenizer.ggml.precompiled_charsmap': [1, 0, 0, 0, 9] }),
      'GgufInvalid',
      /precompiled_charsmap/,
    ],
    ['no scores', tinySpm({ 'tokenizer.ggml.scores': undefined }), 'GgufInvalid', /scores/],
    ['too few scores', tinySpm({ 'tokenizer.ggml.scores': [1] }), 'GgufInvalid', /1 entries/],
    ['an id outside', tinySpm({ 'tokenizer.ggml.eos_token_id': 5000 }), 'GgufInvalid', /eos_token_id is 5000/],
  ])('%s', (_, metadata, name, message) => {
    const refuse = (): unknown => createTokenizer(metadata);
    expect(refuse).toThrow(message);
    expect(refuse).toThrow(expect.objectContaining({ name }));
  });
});
