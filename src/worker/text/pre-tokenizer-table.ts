/**
 * The rules by which byte-level BPE vocabularies cut text into words before merging: one row per value of
 * `tokenizer.ggml.pre`, or several where they are the same. It knows no vocabulary. The patterns are those the models'
 * own tokenizer.json files have, with the simplifications that llama.cpp makes of them: GGUF files are used with it. Rows
 * with the classes UPPER and LOWER do not follow it: it has no case there at all.
 *
 * White space is spelled \p{White_Space} because JavaScript's \s has U+FEFF in it and U+0085 not, unlike the engines
 * these vocabularies were trained with.
 */

export interface PreTokenizer {
  /** Each cuts every piece of the one before into matches and what lies between them. */
  readonly patterns: readonly RegExp[];
  /** Before that, numbers are cut into groups of three digits from the right, as people write them. */
  readonly numbersInThrees?: boolean;
  /** Words that are not merged where they are a token already: all, or those of newlines alone. Default none. */
  readonly wholeWordsFirst?: 'all' | 'newlines';
  /** Tokens are written as text with U+2581 for a space, not in the byte alphabet; bytes are tokens like <0x41>. */
  readonly isRawText?: boolean;
  /** Put BOS in front unless the file says otherwise; `always`: whatever it says. */
  readonly addBos?: boolean | 'always';
  /** The reference detokenizer removes the space before punctuation (`decode` with `cleanUpSpaces`). */
  readonly cleanUpSpaces?: boolean;
}

const S = '\\p{White_Space}';
const NOT_S = '\\P{White_Space}';
const CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const SPACES = `${S}*[\\r\\n]+|${S}+(?!${NOT_S})|${S}+`;
const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${S}\\p{L}\\p{N}]+|${S}+(?!${NOT_S})|${S}+`;

/** The family of llama-bpe and qwen2: they differ in how many digits make a word, and in whether marks are letters. */
const modern = (digits: string, marks = ''): string =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}${marks}]+|${digits}| ?[^${S}\\p{L}${marks}\\p{N}]+[\\r\\n]*|${SPACES}`;

/** The family of gpt-4o and tekken: words are also cut where a lower-case letter is followed by an upper-case one. */
const cased = (upper: string, lower: string, suffix: string, digits: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${suffix}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${suffix}|` +
  `${digits}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n\\/]*|${SPACES}`;
/** Any letter but an ASCII one of the other case: what llama.cpp has for the classes of the original. */
const NOT_LOWER = '[\\p{L}--[a-z]]';
const NOT_UPPER = '[\\p{L}--[A-Z]]';
const NOT_LOWER_OR_MARK = '[[\\p{L}\\p{M}]--[a-z]]';
const NOT_UPPER_OR_MARK = '[[\\p{L}\\p{M}]--[A-Z]]';
/** The classes of the original. */
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';

/** The family of deepseek-v3: a punctuation mark goes with the ASCII letters after it. */
const punctuated = (afterPunctuation: string, newline: string): string =>
  `[!-\\/:-@\\[-\`\\{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|` +
  ` ?[\\p{P}\\p{S}]+${afterPunctuation}|${newline}|${S}+(?!${NOT_S})|${S}+`;
const HAN_AND_KANA = '[\\u4e00-\\u9fa5\\u3040-\\u309f\\u30a0-\\u30ff]+';
const DEEPSEEK_V3 = ['\\p{N}{1,3}', HAN_AND_KANA, punctuated('[\\r\\n]*', `${S}*[\\r\\n]+`)];

const FALCON_PUNCTUATION = '[\\p{P}$+<=>^~\\|`]+';
const WORDS_WITH_SPACE = ` ?[^\\(${S}\\|.,!?…。，、।۔،\\)]+`;
/** Letters of scripts with two cases, without some that Unicode got later: the original is a list of ranges. */
const DEEPSEEK_LETTER =
  '[[\\p{Lu}\\p{Ll}\\p{Lt}\\u0295]--[\\u0560-\\u0588\\u10c7-\\u10ff\\u1c80-\\u1c8a\\u2d00-\\u2d2d\\ua790-\\ua7fa' +
  '\\uab30-\\uab68\\u{10570}-\\u{105bc}\\u{10d50}-\\u{10d85}\\u{16e40}-\\u{16ed3}\\u{1d400}-\\u{1d7cb}\\u{1df00}-\\u{1df2a}]]';
const DEEPSEEK_HAN = '[[\\u0800-\\u9fa5\\uac00-\\ud7ff]--\\p{White_Space}]+';
interface Row extends Omit<PreTokenizer, 'patterns'> {
  readonly names: readonly string[];
  readonly patterns: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    names: ['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'exaone4', 'gigachat', 'a.x-4.0', 'mellum', 'modern-bert'],
    patterns: [GPT2],
    cleanUpSpaces: true,
  },
  {
    names: ['jina-es', 'jina-de', 'jina-v1-en', 'jina-v2-es', 'jina-v2-de', 'jina-v2-code', 'roberta-bpe'],
    patterns: [GPT2],
    cleanUpSpaces: true,
  },
  { names: ['trillion', 'granite-docling'], patterns: [GPT2] },
  { names: ['smollm', 'command-r'], patterns: ['\\p{N}', GPT2] },
  {
    names: ['starcoder', 'refact', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    patterns: ['\\p{N}', GPT2],
    cleanUpSpaces: true,
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2', 'jina-v5-nano'],
    patterns: [modern('\\p{N}{1,3}')],
    wholeWordsFirst: 'all',
    addBos: true,
    cleanUpSpaces: true,
  },
  {
    names: ['dbrx', 'smaug-bpe', 'chatglm-bpe', 'glm4'],
    patterns: [modern('\\p{N}{1,3}')],
    cleanUpSpaces: true,
  },
  {
    names: ['minicpm5'],
    patterns: ['\\p{N}{1,3}', modern('\\p{N}+')],
    wholeWordsFirst: 'all',
    cleanUpSpaces: true,
  },
  {
    names: ['qwen2', 'deepseek-r1-qwen', 'kormo', 'f2llmv2', 'hunyuan', 'solar-open', 'grok-2'],
    patterns: [modern('\\p{N}')],
  },
  { names: ['stablelm2', 'megrez'], patterns: [modern('\\p{N}')], cleanUpSpaces: true },
  { names: ['laguna'], patterns: ['[^\\n]+|[\\n]+', modern('\\p{N}')] },
  { names: ['qwen35'], patterns: [modern('\\p{N}', '\\p{M}')] },
  {
    names: ['bailingmoe', 'bailingmoe2', 'llada-moe'],
    patterns: [
      `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|${S}*[\\r\\n]|${S}+(?!${NOT_S})|${S}+`,
    ],
  },
  {
    names: ['seed-coder'],
    patterns: [`${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^${S}\\p{L}\\p{N}\\r\\n]+|${SPACES}`],
  },
  {
    names: ['exaone-moe'],
    patterns: [
      `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}|` +
        ` ?[^${S}\\p{L}\\p{N}]+[\\r\\n\\/]?|${S}*[\\r\\n]|${S}+(?!${NOT_S})|${S}+`,
    ],
    cleanUpSpaces: true,
  },
  {
    names: ['gpt-4o', 'llama4', 'kanana2', 'minimax-m2'],
    patterns: [cased(NOT_LOWER, NOT_UPPER, `${CONTRACTION}?`, '\\p{N}{1,3}')],
  },
  {
    names: ['granite-embed-multi-97m'],
    patterns: [cased(NOT_LOWER_OR_MARK, NOT_UPPER_OR_MARK, `${CONTRACTION}?`, '\\p{N}{1,3}')],
    wholeWordsFirst: 'all',
  },
  {
    names: ['tekken'],
    patterns: [cased(NOT_LOWER, NOT_UPPER, '', '\\p{N}')],
    wholeWordsFirst: 'all',
    addBos: true,
  },
  {
    names: ['tiny_aya', 'cohere2moe'],
    patterns: [cased(UPPER, LOWER, `${CONTRACTION}?`, '\\p{N}{1,3}')],
    numbersInThrees: true,
  },
  {
    names: ['youtu'],
    patterns: [
      '[\\uac00-\\ud7a3\\u3131-\\u318e]+|[！…“”‘’—：；，\\u3001-\\u303f\\ufe30-\\ufe4f]+|[\\u3105-\\u312f]+|' +
        HAN_AND_KANA,
      cased(UPPER, LOWER, `${CONTRACTION}?`, '\\p{N}'),
    ],
    wholeWordsFirst: 'all',
  },
  { names: ['deepseek-v3', 'hunyuan-dense', 'joyai-llm'], patterns: DEEPSEEK_V3 },
  {
    names: ['deepseek-llm'],
    patterns: [
      '[\\r\\n]',
      `${S}?${DEEPSEEK_LETTER}+`,
      `${S}?[!-\\/:-~！-／：-～‘-‟、。]+`,
      `${S}+$`,
      DEEPSEEK_HAN,
      '\\p{N}+',
    ],
  },
  {
    names: ['deepseek-coder'],
    patterns: ['[\\r\\n]', `${S}?\\p{L}+`, `${S}?\\p{P}+`, DEEPSEEK_HAN, '\\p{N}'],
  },
  { names: ['falcon'], patterns: [FALCON_PUNCTUATION, GPT2, '[0-9][0-9][0-9]'], cleanUpSpaces: true },
  { names: ['bloom', 'gpt3-finnish'], patterns: [WORDS_WITH_SPACE], cleanUpSpaces: true },
  { names: ['poro-chat'], patterns: [WORDS_WITH_SPACE] },
  { names: ['viking'], patterns: [WORDS_WITH_SPACE, '\\p{N}'] },
  {
    names: ['gemma4', 'granite-embed-multi-311m'],
    patterns: ['[^\\n]+|[\\n]+'],
    wholeWordsFirst: 'newlines',
    isRawText: true,
    addBos: 'always',
    cleanUpSpaces: true,
  },
];

/** By the value of `tokenizer.ggml.pre`. */
export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map(
  ROWS.flatMap(({ names, patterns, ...rest }) => {
    const preTokenizer = { ...rest, patterns: patterns.map((source) => new RegExp(source, 'gv')) };
    return names.map((name) => [name, preTokenizer] as const);
  }),
);
