/**
 * What a file that is not GGUF looks like, so that the message can say more than "no". It knows first bytes only.
 */
import { LinnetError } from '../errors.ts';

/** Enough to tell formats apart. */
export const SNIFF_BYTES = 64;

interface Look {
  readonly what: string;
  readonly next: string;
  matches(head: Uint8Array, text: string): boolean;
}

const TAKE_GGUF = 'Take the GGUF file of this model instead.';

/** In order: the first that matches is it. `text` is the head in lower case, spaces before it left out. */
const LOOKS: readonly Look[] = [
  {
    what: 'a web page (HTML)',
    next: 'The address probably leads to a page about the file, or to an error: copy the address of the download itself.',
    matches: (_, text) => /^<(!doctype html|html|head|body|!--)/.test(text),
  },
  {
    what: 'an XML document',
    next: 'It is probably an error message of the server: check the address.',
    matches: (_, text) => text.startsWith('<?xml') || text.startsWith('<error'),
  },
  {
    what: 'a Git LFS pointer',
    next: 'It stands for the file but is not it: fetch the file from where the repository offers downloads.',
    matches: (_, text) => text.startsWith('version https://git-lfs'),
  },
  {
    what: 'a safetensors file',
    next: TAKE_GGUF,
    // A little-endian length of the header, at most 100 MB, then JSON.
    matches: (head) => head[8] === 0x7b && head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] === 0,
  },
  {
    what: 'JSON text',
    next: 'It is probably an error message of the server, or a description of the model: check the address.',
    matches: (_, text) => /^[{[]\s*("|[}\]])/.test(text),
  },
  {
    what: 'a zip archive, perhaps a PyTorch checkpoint',
    next: TAKE_GGUF,
    matches: (head) => startsWith(head, [0x50, 0x4b, 0x03, 0x04]),
  },
  {
    what: 'a Python pickle, perhaps an old PyTorch checkpoint',
    next: TAKE_GGUF,
    matches: (head) => head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5,
  },
  {
    what: 'a ggml file from before GGUF',
    next: 'It can no longer be used: take a GGUF file of this model.',
    matches: (_, text) => /^(lmgg|fmgg|tjgg|algg|ggml|ggmf|ggjt|ggla)/.test(text),
  },
  { what: 'a gzip archive', next: 'Unpack it first.', matches: (head) => startsWith(head, [0x1f, 0x8b]) },
];

/** The error for a file that does not begin with `GGUF`. `head` is its first `SNIFF_BYTES` bytes, or all it has. */
export function notGguf(head: Uint8Array): LinnetError {
  if (head.length === 0) {
    return new LinnetError('NotGguf', 'The file is empty. Fetch it again, or check the address.');
  }
  const text = String.fromCharCode(...head)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();
  const look = LOOKS.find((candidate) => candidate.matches(head, text));
  const first = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const start = `The magic number at byte 0 should be "GGUF" but is ${first}: this is no GGUF file.`;
  if (look === undefined) return new LinnetError('NotGguf', `${start} Choose a file whose name ends in .gguf.`);
  return new LinnetError('NotGguf', `${start} It looks like ${look.what}. ${look.next}`);
}

function startsWith(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[index] === byte);
}
