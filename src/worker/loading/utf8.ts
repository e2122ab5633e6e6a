/**
 * UTF-8 to strings, for many short ones: most tokens are a few ASCII letters, perhaps after a two-byte character, and
 * for those a call of TextDecoder costs more than the decoding. It knows nothing of what the text is.
 */

// A byte order mark stays: U+FEFF is a token of some vocabularies.
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });
const SHORT_BYTES = 24;

/** The text of `bytes[start, end)`; undefined when it is not well-formed. */
export function decodeUtf8Strict(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= SHORT_BYTES) {
    const short = decodeShort(bytes, start, end);
    if (short !== undefined) return short;
  }
  try {
    return STRICT.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The text of `bytes[start, end)`, with U+FFFD for what is not well-formed. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return LENIENT.decode(bytes.subarray(start, end));
}

/** Characters of one and two bytes alone; undefined for all else. */
function decodeShort(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  for (let at = start; at < end; at++) {
    const first = bytes[at] ?? 0;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    at++;
    const second = at < end ? (bytes[at] ?? 0) : 0;
    if (first < 0xc2 || first > 0xdf || (second & 0xc0) !== 0x80) return undefined;
    text += String.fromCharCode(((first & 0x1f) << 6) | (second & 0x3f));
  }
  return text;
}
