/**
 * A conversation as bytes: what stands where, and the check of all that is read. Numbers are little-endian.
 *
 *   4  `LNSS`    4  version    4  bytes of the header    4  zero
 *   header, JSON, filled up with spaces to whole 16 bytes: a `SessionHeader`
 *   tokens, a u32 each; their classes, a byte each (1: generated), filled up to whole words
 *   the state behind the last computed token, layer by layer; then of each layer the keys of its blocks, then their values
 *   32  checksum of all before it
 *
 * Nothing of it depends on the blocks of a pool, the limits of a device or the kernels that were used. Knows no GPU.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { LinnetError } from '../errors.ts';
import { cacheBytes, type CacheExtent } from '../model/cache-spans.ts';
import { tokenId, type TokenClass, type TokenId } from '../tokens.ts';
import { CHECKSUM_BYTES, checksumOf } from './checksum.ts';
import { headerOf, type SessionHeader } from './header.ts';

const MAGIC = 'LNSS';
const VERSION = 1;
const PREAMBLE_BYTES = 16;

export interface SessionTokens {
  /** With the last, which was drawn and not computed. */
  readonly tokens: readonly TokenId[];
  readonly classes: readonly TokenClass[];
}

export interface ReadSession extends SessionTokens {
  readonly header: SessionHeader;
  /** Where the states, keys and values begin. */
  readonly cacheOffsetBytes: number;
}

/** Bytes for a session, with all but its caches and the checksum, and where the caches go. @throws OutOfMemory */
export function beginSession(
  header: SessionHeader,
  { tokens, classes }: SessionTokens,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly cache: Uint8Array<ArrayBuffer> } {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 16) * 16;
  const cacheOffset = PREAMBLE_BYTES + headerBytes + tokenBytes(tokens.length);
  const size = cacheOffset + cacheSize(header) + CHECKSUM_BYTES;
  const bytes = allocate(size);
  bytes.fill(0x20, PREAMBLE_BYTES, PREAMBLE_BYTES + headerBytes);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, headerBytes, true);
  bytes.set(json, PREAMBLE_BYTES);
  const tokensAt = PREAMBLE_BYTES + headerBytes;
  tokens.forEach((token, i) => {
    view.setUint32(tokensAt + 4 * i, token, true);
  });
  classes.forEach((tokenClass, i) => {
    bytes[tokensAt + 4 * tokens.length + i] = Number(tokenClass === 'generated');
  });
  return { bytes, cache: bytes.subarray(cacheOffset, size - CHECKSUM_BYTES) };
}

/** Puts the checksum of what was written since `beginSession` at the end. */
export async function sealSession(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.set(await checksumOf(end, (at, length) => bytes.subarray(at, at + length)), end);
}

/** All of a session but its caches, checked. @throws SessionInvalid; what the source does */
export async function readSession(source: ByteSource, signal?: AbortSignal): Promise<ReadSession> {
  const { sizeBytes } = source;
  if (sizeBytes < PREAMBLE_BYTES + CHECKSUM_BYTES)
    throw sessionInvalid('These bytes are no saved session, or cut short.');
  const preamble = await source.read(0, PREAMBLE_BYTES, signal);
  if (new TextDecoder().decode(preamble.subarray(0, 4)) !== MAGIC)
    throw sessionInvalid('These bytes are no saved session.');
  const view = new DataView(preamble.buffer);
  const version = view.getUint32(4, true);
  if (version !== VERSION) {
    throw sessionInvalid(`The session is of format ${String(version)}, and this engine reads ${String(VERSION)}.`);
  }
  const end = sizeBytes - CHECKSUM_BYTES;
  const [expected, actual] = await Promise.all([
    source.read(end, CHECKSUM_BYTES, signal),
    checksumOf(end, (at, length) => source.read(at, length, signal)),
  ]);
  if (!expected.every((byte, i) => byte === actual[i])) throw damaged();
  const tokensAt = PREAMBLE_BYTES + view.getUint32(8, true);
  if (tokensAt > end) throw damaged();
  const header = headerOf(await source.read(PREAMBLE_BYTES, tokensAt - PREAMBLE_BYTES, signal));
  const cacheOffsetBytes = tokensAt + tokenBytes(header.numTokens);
  if (cacheOffsetBytes + cacheSize(header) !== end) throw damaged();
  const words = await source.read(tokensAt, cacheOffsetBytes - tokensAt, signal);
  return { header, cacheOffsetBytes, ...tokensIn(words, header.numTokens) };
}

function tokensIn(bytes: Uint8Array<ArrayBuffer>, numTokens: number): SessionTokens {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const indices = Array.from({ length: numTokens }, (_, i) => i);
  return {
    tokens: indices.map((i) => tokenId(view.getUint32(4 * i, true))),
    classes: indices.map((i) => (bytes[4 * numTokens + i] === 1 ? 'generated' : 'prompt')),
  };
}

function tokenBytes(numTokens: number): number {
  return 4 * numTokens + 4 * Math.ceil(numTokens / 4);
}

function cacheSize(header: SessionHeader): number {
  const extent: CacheExtent = header;
  return cacheBytes(header.layers, header.stateBytes, extent);
}

function allocate(sizeBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(sizeBytes);
  } catch (cause) {
    const megabytes = String(Math.ceil(sizeBytes / 1e6));
    throw new LinnetError('OutOfMemory', `The session takes ${megabytes} MB, and there is no memory for it.`, {
      cause,
    });
  }
}

export function sessionInvalid(message: string): LinnetError {
  return new LinnetError('SessionInvalid', message);
}

function damaged(): LinnetError {
  return sessionInvalid('The session is damaged or cut short: its checksum does not fit.');
}
