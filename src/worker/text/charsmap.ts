/**
 * The normalization rules a SentencePiece model brings with it (`tokenizer.ggml.precompiled_charsmap`): a double-array
 * trie of byte strings and what each is replaced by. It knows no tokens and no spaces.
 *
 * Format: the trie's size in bytes (u32), the trie as u32 units, then the replacements, each ended by a zero byte. A unit
 * is a node as in darts-clone (https://github.com/s-yata/darts-clone): label in bits 0-7, "has a value" in bit 8, offset
 * to the children in bits 10-30, times 256 where bit 9 is set; the unit of a value holds it in bits 0-30.
 */
import { LinnetError } from '../errors.ts';

/** What stands for the bytes at `from`, and where they end. */
export interface Replaced {
  readonly bytes: Uint8Array;
  readonly end: number;
}

export interface Charsmap {
  /** The longest rule that applies to `text` at `from`; undefined where none does. */
  replace(text: Uint8Array, from: number): Replaced | undefined;
}

const LABEL_MASK = 0x800000ff;
const HAS_VALUE = 1 << 8;
const WIDE_OFFSET = 1 << 9;
const VALUE_MASK = 0x7fffffff;

/** Throws GgufInvalid where sizes do not fit; a damaged trie is found when a text leads into it. */
export function readCharsmap(data: Uint8Array): Charsmap {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const trieBytes = data.length < 4 ? -1 : view.getUint32(0, true);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || 4 + trieBytes >= data.length) throw damaged();
  const unit = (index: number): number => {
    if (index >= trieBytes / 4) throw damaged();
    return view.getUint32(4 + 4 * index, true);
  };
  const replacements = data.subarray(4 + trieBytes);

  return {
    replace(text, from) {
      let found: { value: number; end: number } | undefined;
      let node = childrenOf(unit(0));
      for (let at = from; at < text.length; at++) {
        const label = text[at] ?? 0;
        if (label === 0) break;
        const index = (node ^ label) >>> 0;
        const child = unit(index);
        if ((child & LABEL_MASK) !== label) break;
        node = (index ^ childrenOf(child)) >>> 0;
        if ((child & HAS_VALUE) !== 0) found = { value: unit(node) & VALUE_MASK, end: at + 1 };
      }
      if (found === undefined) return undefined;
      const end = replacements.indexOf(0, found.value);
      if (end < 0) throw damaged();
      return { bytes: replacements.subarray(found.value, end), end: found.end };
    },
  };
}

function childrenOf(unit: number): number {
  return ((unit >>> 10) << ((unit & WIDE_OFFSET) >>> 6)) >>> 0;
}

function damaged(): LinnetError {
  return new LinnetError(
    'GgufInvalid',
    'The normalization rules of the vocabulary (tokenizer.ggml.precompiled_charsmap) are damaged. Take another file of this model.',
  );
}
