/**
 * Text files beside a question: what one is, which files are text, and how they are put into the prompt. Pure.
 */

export interface Attachment {
  readonly name: string;
  readonly text: string;
  /** As the loaded model counted them when it was attached. */
  readonly numTokens: number;
}

/** A file of so many bytes for each token that is free is not worth reading. */
const MAX_BYTES_PER_TOKEN = 16;

/**
 * The message that is sent: each file between `<file name="…">` and `</file>`, an empty line after it, and then the question. Models
 * know the form from the prompts they were trained on, and the name of a file is of use to them.
 */
export function messageText(text: string, attachments: readonly Attachment[] = []): string {
  const files = attachments.map(
    ({ name, text: content }) => `<file name="${name.replaceAll('"', "'")}">\n${content.trimEnd()}\n</file>`,
  );
  return [...files, text].filter((part) => part !== '').join('\n\n');
}

/** The text of a file; undefined when it is none: not UTF-8, or with bytes that text has not. */
export function decodeText(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** How many tokens the next file may have: half of the context is for files, less those that are there. */
export function freeTokens(contextLength: number, attachments: readonly Attachment[]): number {
  const taken = attachments.reduce((sum, { numTokens }) => sum + numTokens, 0);
  return Math.max(0, Math.floor(contextLength / 2) - taken);
}

/** True for a file that cannot have so few tokens, whatever is in it. */
export function isSurelyTooLong(sizeBytes: number, numTokens: number): boolean {
  return sizeBytes > numTokens * MAX_BYTES_PER_TOKEN;
}

/** The guard for what storage or a file holds. */
export function parseAttachments(value: unknown): readonly Attachment[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('text' in entry)) return [];
    const { name, text } = entry;
    const numTokens = 'numTokens' in entry && typeof entry.numTokens === 'number' ? entry.numTokens : 0;
    return typeof name === 'string' && typeof text === 'string' ? [{ name, text, numTokens }] : [];
  });
}
