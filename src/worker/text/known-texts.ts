/**
 * Texts of tokens that mean the same in many vocabularies, whatever the file's keys say or leave out. It knows no ids.
 */

/** Texts that end a turn or a document in the models people use, whatever the file calls them. */
export const END_TEXTS: ReadonlySet<string> = new Set([
  '</s>',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<end_of_utterance>',
  '<turn|>',
  '<eos>',
  '<EOT>',
  '[EOT]',
  '<｜end▁of▁sentence｜>',
]);

/** What a token does in a prompt that asks for the text between two others (fill in the middle). */
export type FimRole = 'prefix' | 'suffix' | 'middle' | 'pad' | 'repo' | 'separator';

export interface FimNames {
  /** Keys of `tokenizer.ggml.<key>_token_id`; the second is how older files say it. */
  readonly keys: readonly string[];
  readonly texts: readonly string[];
  /** The model writes it where a file ends. */
  readonly isEnd: boolean;
}

export const FIM_NAMES: Readonly<Record<FimRole, FimNames>> = {
  prefix: {
    keys: ['fim_pre', 'prefix'],
    texts: [
      '<|fim_prefix|>',
      '<fim-prefix>',
      '<fim_prefix>',
      '<｜fim▁begin｜>',
      '<PRE>',
      '▁<PRE>',
      '<|code_prefix|>',
      '<|prefix|>',
    ],
    isEnd: false,
  },
  suffix: {
    keys: ['fim_suf', 'suffix'],
    texts: [
      '<|fim_suffix|>',
      '<fim-suffix>',
      '<fim_suffix>',
      '<｜fim▁hole｜>',
      '<SUF>',
      '▁<SUF>',
      '<|code_suffix|>',
      '<|suffix|>',
    ],
    isEnd: false,
  },
  middle: {
    keys: ['fim_mid', 'middle'],
    texts: [
      '<|fim_middle|>',
      '<fim-middle>',
      '<fim_middle>',
      '<｜fim▁end｜>',
      '<MID>',
      '▁<MID>',
      '<|code_middle|>',
      '<|middle|>',
    ],
    isEnd: false,
  },
  pad: { keys: ['fim_pad'], texts: ['<|fim_pad|>', '<fim-pad>', '<fim_pad>'], isEnd: true },
  repo: {
    keys: ['fim_rep'],
    texts: ['<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>'],
    isEnd: true,
  },
  separator: { keys: ['fim_sep'], texts: ['<|file_sep|>'], isEnd: true },
};

export const FIM_ROLES: readonly FimRole[] = ['prefix', 'suffix', 'middle', 'pad', 'repo', 'separator'];
