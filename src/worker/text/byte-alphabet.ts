/**
 * The alphabet in which byte-level BPE vocabularies write bytes: printable Latin-1 characters stand for themselves,
 * the other 68 bytes for U+0100 onwards, in order (the convention of GPT-2). It knows nothing of tokens.
 */
const NUM_BYTES = 256;

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

function buildAlphabet(): readonly string[] {
  let next = NUM_BYTES;
  return Array.from({ length: NUM_BYTES }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/** [256] the character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = buildAlphabet();
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(BYTE_CHARACTERS.map((c, byte) => [c, byte]));

const utf8 = new TextEncoder();

/** The UTF-8 bytes of `text`, one character of the alphabet each. A lone surrogate is encoded as U+FFFD. */
export function toByteCharacters(text: string): string[] {
  return Array.from(utf8.encode(text), (byte) => BYTE_CHARACTERS[byte] ?? '');
}

/** The bytes that `characters` stand for; a character outside the alphabet gives its own UTF-8 bytes. */
export function fromByteCharacters(characters: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of characters) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) bytes.push(...utf8.encode(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
