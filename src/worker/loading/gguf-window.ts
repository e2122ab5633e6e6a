/**
 * A cursor over the head of a model file that holds one window of its bytes at a time. The first window is small, so
 * that a wrong file costs little; each next one is as long as what was read before it, up to a limit, so that a large
 * header takes few reads. It knows numbers and text, nothing of metadata or tensors.
 *
 * The getters are synchronous, because a vocabulary has hundreds of thousands of strings: the caller makes sure that
 * the bytes are there, with `if (!window.has(n)) await window.load(n, field)`, or `need` where speed is no matter.
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { LinnetError, abortedError } from '../errors.ts';
import { invalidField, truncatedField } from './gguf-problem.ts';
import { Utf8Decoder } from './utf8.ts';

const FIRST_WINDOW_BYTES = 64 * 1024;
const MAX_WINDOW_BYTES = 2 * 1024 * 1024;
/** The largest vocabularies in use make headers of about 20 MB. */
const MAX_HEADER_BYTES = 128 * 1024 * 1024;

export class HeaderWindow {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #decoder = new Utf8Decoder();
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where in the file the window begins, and where in the window the cursor stands. */
  #startBytes = 0;
  #at = 0;

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  /** The cursor's place in the file. */
  get offsetBytes(): number {
    return this.#startBytes + this.#at;
  }

  get fileSizeBytes(): number {
    return this.#source.sizeBytes;
  }

  /** Bytes of the file from the cursor on. */
  get remainingBytes(): number {
    return this.fileSizeBytes - this.offsetBytes;
  }

  /** Whether the next `numBytes` are in the window. */
  has(numBytes: number): boolean {
    return this.#at + numBytes <= this.#bytes.length;
  }

  /** Makes sure that the next `numBytes` can be got; `GgufTruncated` naming `field` when the file has not as many. */
  async need(numBytes: number, field: string): Promise<void> {
    if (!this.has(numBytes)) await this.load(numBytes, field);
  }

  /** Moves the window to the cursor, at least `numBytes` long. Throws as `need` does, before it reads. */
  async load(numBytes: number, field: string): Promise<void> {
    const offset = this.offsetBytes;
    if (numBytes > this.remainingBytes) throw truncatedField(field, offset, numBytes, this.fileSizeBytes);
    if (offset + numBytes > MAX_HEADER_BYTES) {
      throw invalidField(field, offset, `makes the header longer than ${String(MAX_HEADER_BYTES)} bytes`);
    }
    if (this.#signal?.aborted === true) throw abortedError();
    const growing = Math.min(Math.max(offset, FIRST_WINDOW_BYTES), MAX_WINDOW_BYTES);
    const lengthBytes = Math.min(Math.max(numBytes, growing), this.remainingBytes);
    const bytes = await this.#source.read(offset, lengthBytes, this.#signal);
    if (bytes.length !== lengthBytes) {
      throw new LinnetError('Internal', `A read of ${String(lengthBytes)} bytes gave ${String(bytes.length)}.`);
    }
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#startBytes = offset;
    this.#at = 0;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  /** An unsigned 64-bit count, length or offset. Inexact above 2^53, so the caller compares it with a limit below. */
  count(): number {
    const at = this.#advance(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** The next bytes as text; `wellFormed` is false when some were no UTF-8 and became U+FFFD. */
  text(lengthBytes: number): { readonly text: string; readonly wellFormed: boolean } {
    const at = this.#advance(lengthBytes);
    const strict = this.#decoder.strict(this.#bytes, at, at + lengthBytes);
    if (strict !== undefined) return { text: strict, wellFormed: true };
    return { text: this.#decoder.lenient(this.#bytes, at, at + lengthBytes), wellFormed: false };
  }

  /** A view of the next bytes, good until the next `load`. */
  peek(numBytes: number): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at + numBytes);
  }

  /** Fills `target` from the file, window by window. */
  async copyTo(target: Uint8Array, field: string): Promise<void> {
    let done = 0;
    while (done < target.length) {
      if (!this.has(1)) await this.load(1, field);
      const part = this.#bytes.subarray(this.#at, this.#at + target.length - done);
      target.set(part, done);
      this.#at += part.length;
      done += part.length;
    }
  }

  #advance(numBytes: number): number {
    const at = this.#at;
    this.#at += numBytes;
    return at;
  }
}
