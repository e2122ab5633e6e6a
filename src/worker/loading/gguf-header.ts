/**
 * The head of a GGUF file, version 2 or 3, from a source of bytes: metadata, tensor directory, where the data begins.
 * It reads no weight, and whatever the size of the file holds no more than the header's own contents and a window.
 * A file that is wrong is refused by name, field and byte before anything is made for the field. Whether the runtime
 * can use what the file describes is asked later (gguf-support.ts).
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import type { ByteSource } from '../../cache/byte-source.ts';
import { LinnetError } from '../errors.ts';
import { SNIFF_BYTES, notGguf } from './gguf-foreign.ts';
import type { GgufFile } from './gguf-file.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { digits, invalidField, truncatedField } from './gguf-problem.ts';
import { MIN_TENSOR_BYTES, alignUp, placeTensors, readTensorEntries } from './gguf-tensors.ts';
import { MIN_ENTRY_BYTES, readMetadata } from './gguf-values.ts';
import { HeaderWindow } from './gguf-window.ts';

const MAGIC = [0x47, 0x47, 0x55, 0x46];
/** Far above what models have: some thousands of tensors, some dozens of keys. */
const MAX_TENSORS = 65_536;
const MAX_ENTRIES = 65_536;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 65_536;
const ALIGNMENT_KEY = 'general.alignment';

/**
 * Reads and checks the header of the file.
 * Throws `NotGguf`, `UnsupportedGgufVersion`, `GgufTruncated`, `GgufInvalid`, `UnsupportedTensorType` (a type whose
 * size is not known), `Aborted`, and what the source throws.
 */
export async function readGgufHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufFile> {
  const window = new HeaderWindow(source, signal);
  await checkMagic(window);
  const version = await readVersion(window);
  const numTensors = await readCount(window, 'the number of tensors', MAX_TENSORS, MIN_TENSOR_BYTES);
  const numEntries = await readCount(window, 'the number of metadata entries', MAX_ENTRIES, MIN_ENTRY_BYTES);
  const metadata = await readMetadata(window, numEntries);
  const alignment = readAlignment(metadata);
  const entries = await readTensorEntries(window, numTensors);
  const dataOffsetBytes = alignUp(window.offsetBytes, alignment);
  const { sizeBytes } = source;
  const tensors = placeTensors(entries, { offsetBytes: dataOffsetBytes, alignment, fileSizeBytes: sizeBytes });
  return { version, metadata, tensors, dataOffsetBytes, alignment, sizeBytes };
}

async function checkMagic(window: HeaderWindow): Promise<void> {
  const sniffed = Math.min(SNIFF_BYTES, window.fileSizeBytes);
  await window.need(sniffed, 'the magic number');
  const head = window.peek(sniffed);
  const given = head.subarray(0, MAGIC.length);
  if (given.length === 0 || !given.every((byte, index) => byte === MAGIC[index])) throw notGguf(head);
  await window.need(MAGIC.length, 'the magic number');
  window.u32();
}

async function readVersion(window: HeaderWindow): Promise<number> {
  await window.need(4, 'the version');
  const version = window.u32();
  if (version === 2 || version === 3) return version;
  const at = 'The version at byte 4';
  if (version !== 0 && (version & 0xffff) === 0) {
    throw new LinnetError(
      'UnsupportedGgufVersion',
      `${at} is written big-endian, as by a tool for another kind of machine. Take the little-endian file of this model.`,
    );
  }
  throw new LinnetError(
    'UnsupportedGgufVersion',
    `${at} is ${String(version)}, but versions 2 and 3 are supported. Take a ${version < 2 ? 'newer' : 'version 3'} ` +
      'file of this model, or convert it with a current tool.',
  );
}

async function readCount(window: HeaderWindow, field: string, limit: number, minBytes: number): Promise<number> {
  await window.need(8, field);
  const offset = window.offsetBytes;
  const count = window.count();
  if (count > limit) {
    throw invalidField(field, offset, `is ${digits(count)}, more than the ${String(limit)} that are allowed`);
  }
  if (count * minBytes > window.remainingBytes) {
    throw truncatedField(`what ${field} (${String(count)}) stands for`, offset, count * minBytes, window.fileSizeBytes);
  }
  return count;
}

function readAlignment(metadata: GgufMetadata): number {
  const alignment = metadata.number(ALIGNMENT_KEY) ?? DEFAULT_ALIGNMENT;
  const isPowerOfTwo = Number.isInteger(alignment) && Number.isInteger(Math.log2(alignment));
  if (isPowerOfTwo && alignment >= 1 && alignment <= MAX_ALIGNMENT) return alignment;
  throw invalidField(
    `the metadata key "${ALIGNMENT_KEY}"`,
    metadata.offsetBytes(ALIGNMENT_KEY) ?? 0,
    `is ${String(alignment)}, but should be a power of two up to ${String(MAX_ALIGNMENT)}`,
  );
}
