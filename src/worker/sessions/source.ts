/** Where the bytes of a session come from: memory, or a Blob that is read in pieces. */
import { bufferSource } from '../../cache/buffer-source.ts';
import type { ByteSource } from '../../cache/byte-source.ts';
import { fileSource } from '../../cache/file-source.ts';
import { LinnetError } from '../errors.ts';

/** @throws InvalidRequest for what is neither */
export function sessionSource(bytes: unknown): ByteSource {
  if (bytes instanceof Uint8Array) return bufferSource(bytes);
  if (bytes instanceof Blob) return fileSource(bytes);
  throw new LinnetError('InvalidRequest', 'bytes must be a Uint8Array or a Blob: what saving a conversation gave.');
}
