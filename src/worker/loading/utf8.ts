/**
 * UTF-8 to strings, for many short ones: most tokens are a few ASCII letters, perhaps after a two-byte character, and
 * for those a call of TextDecoder costs more than the decoding. It knows nothing of what the text is.
 */

// A byte order mark stays: U+FEFF is a token of some vocabularies.
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });
const SHORT_BYTES = 24;

export class Utf8Decoder {
  /** UTF-16 code units of a short string; made once, since this runs for every token. */
  readonly #units: number[] = [];

  /** The text of `bytes[start, end)`; undefined when it is not well-formed. */
  strict(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (end - start <= SHORT_BYTES) {
      const short = this.#short(bytes, start, end);
      if (short !== undefined) return short;
    }
    try {
      return STRICT.decode(bytes.subarray(start, end));
    } catch {
      return undefined;
    }
  }

  /** The text of `bytes[start, end)`, with U+FFFD for what is not well-formed. */
  lenient(bytes: Uint8Array, start: number, end: number): string {
    return LENIENT.decode(bytes.subarray(start, end));
  }

  /** Characters of one and two bytes alone; undefined for all else. */
  #short(bytes: Uint8Array, start: number, end: number): string | undefined {
    const units = this.#units;
    let numUnits = 0;
    for (let at = start; at < end; at++) {
      const first = bytes[at] ?? 0;
      if (first < 0x80) {
        units[numUnits++] = first;
        continue;
      }
      at++;
      const second = at < end ? (bytes[at] ?? 0) : 0;
      if (first < 0xc2 || first > 0xdf || (second & 0xc0) !== 0x80) return undefined;
      units[numUnits++] = ((first & 0x1f) << 6) | (second & 0x3f);
    }
    units.length = numUnits;
    return String.fromCharCode(...units);
  }
}
