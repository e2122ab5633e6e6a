/** A checksum of bytes of any length, a piece at a time: SHA-256 of the SHA-256 of each piece. Knows nothing of what they mean. */

export const CHECKSUM_BYTES = 32;
/** Part of the format. */
const PIECE_BYTES = 16 * 2 ** 20;

/** Of the first `numBytes`. `read` gives a range of them. */
export async function checksumOf(
  numBytes: number,
  read: (offsetBytes: number, lengthBytes: number) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const digests = new Uint8Array(Math.ceil(numBytes / PIECE_BYTES) * CHECKSUM_BYTES);
  for (let at = 0, piece = 0; at < numBytes; at += PIECE_BYTES, piece++) {
    const bytes = await read(at, Math.min(PIECE_BYTES, numBytes - at));
    digests.set(await sha256(bytes), piece * CHECKSUM_BYTES);
  }
  return sha256(digests);
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
