/**
 * The tensor directory of a GGUF file: reads it, and checks that what it describes can lie in the file: known sizes,
 * whole blocks, aligned, apart from each other, inside the data section. It reads no tensor's data, and does not know
 * which types or shapes the runtime can use.
 */
import { LinnetError } from '../errors.ts';
import { GGML_TYPES, type GgmlType } from './ggml-types.ts';
import type { TensorInfo } from './gguf-file.ts';
import { digits, invalidField, quoted } from './gguf-problem.ts';
import { readName } from './gguf-values.ts';
import type { HeaderWindow } from './gguf-window.ts';

/** A tensor as the directory has it: its place is counted from the data section, whose start is not known yet. */
export interface TensorEntry extends TensorInfo {
  /** Where in the file the entry's offset stands, for messages. */
  readonly fieldBytes: number;
}

const MAX_NAME_BYTES = 1024;
const MAX_DIMENSIONS = 4;

/** The least bytes of an entry: length and letter of the name, dimensions (at least one), type, offset. */
export const MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

/** Reads the directory; `offsetBytes` of its entries counts from the start of the data section. */
export async function readTensorEntries(window: HeaderWindow, numTensors: number): Promise<TensorEntry[]> {
  const entries: TensorEntry[] = [];
  const names = new Set<string>();
  for (let index = 0; index < numTensors; index++) {
    const offset = window.offsetBytes;
    const name = await readName(window, `the name of tensor number ${String(index)}`, MAX_NAME_BYTES);
    if (names.has(name)) throw invalidField(`the tensor ${quoted(name)}`, offset, 'is there twice');
    names.add(name);
    entries.push(await readEntry(window, name));
  }
  return entries;
}

async function readEntry(window: HeaderWindow, name: string): Promise<TensorEntry> {
  const of = `of the tensor ${quoted(name)}`;
  await window.need(4, `the number of dimensions ${of}`);
  const numDimensions = window.u32();
  if (numDimensions < 1 || numDimensions > MAX_DIMENSIONS) {
    const problem = `is ${String(numDimensions)}, but tensors have 1 to ${String(MAX_DIMENSIONS)}`;
    throw invalidField(`the number of dimensions ${of}`, window.offsetBytes - 4, problem);
  }
  const shape = await readShape(window, numDimensions, of);
  const typeBytes = window.offsetBytes;
  await window.need(12, `the type and offset ${of}`);
  const type = knownType(window.u32(), name, typeBytes);
  const offsetBytes = window.count();
  const rowElements = shape[0] ?? 0;
  if (rowElements % type.blockElements !== 0) {
    const problem = `is ${type.name}, in blocks of ${String(type.blockElements)}, but its rows have ${String(rowElements)} elements`;
    throw invalidField(`the type ${of}`, typeBytes, problem);
  }
  const numElements = shape.reduce((product, length) => product * length, 1);
  const sizeBytes = (numElements / type.blockElements) * type.blockBytes;
  if (!Number.isSafeInteger(sizeBytes)) {
    throw invalidField(`the size ${of}`, typeBytes, `is about ${sizeBytes.toPrecision(3)} bytes`);
  }
  return { name, type: type.id, typeName: type.name, shape, offsetBytes, sizeBytes, fieldBytes: typeBytes + 4 };
}

async function readShape(window: HeaderWindow, numDimensions: number, of: string): Promise<number[]> {
  const shape: number[] = [];
  let numElements = 1;
  for (let dimension = 0; dimension < numDimensions; dimension++) {
    const field = `dimension ${String(dimension)} ${of}`;
    await window.need(8, field);
    const offset = window.offsetBytes;
    const length = window.count();
    if (length === 0) throw invalidField(field, offset, 'is zero');
    numElements *= length;
    if (numElements > Number.MAX_SAFE_INTEGER) {
      throw invalidField(field, offset, `is ${digits(length)}, which makes more elements than can be counted`);
    }
    shape.push(length);
  }
  return shape;
}

function knownType(id: number, name: string, offsetBytes: number): GgmlType {
  const type = GGML_TYPES.get(id);
  if (type !== undefined) return type;
  throw new LinnetError(
    'UnsupportedTensorType',
    `The tensor ${quoted(name)} has the ggml type ${String(id)} (at byte ${String(offsetBytes)}), which is not known ` +
      'here. Take a file of this model in a common type, such as Q4_K_M or Q8_0.',
  );
}

/** Checks where the tensors lie, and gives their places in the file. */
export function placeTensors(
  entries: readonly TensorEntry[],
  data: { readonly offsetBytes: number; readonly alignment: number; readonly fileSizeBytes: number },
): TensorInfo[] {
  for (const entry of entries) {
    if (entry.offsetBytes % data.alignment !== 0) {
      const problem = `is ${digits(entry.offsetBytes)}, no multiple of the alignment ${String(data.alignment)}`;
      throw invalidField(offsetField(entry), entry.fieldBytes, problem);
    }
  }
  checkApart(entries);
  checkInside(entries, data);
  return entries.map(({ name, type, typeName, shape, offsetBytes, sizeBytes }) => {
    return { name, type, typeName, shape, offsetBytes: data.offsetBytes + offsetBytes, sizeBytes };
  });
}

function checkApart(entries: readonly TensorEntry[]): void {
  const inOrder = [...entries].sort((a, b) => a.offsetBytes - b.offsetBytes);
  let previous: TensorEntry | undefined;
  for (const entry of inOrder) {
    if (previous !== undefined && previous.offsetBytes + previous.sizeBytes > entry.offsetBytes) {
      const problem = `is ${digits(entry.offsetBytes)}, inside the tensor ${quoted(previous.name)}`;
      throw invalidField(offsetField(entry), entry.fieldBytes, `${problem}: they overlap`);
    }
    previous = entry;
  }
}

/** A tensor beyond the end is a file cut short, unless the offset lies where no packing of these tensors puts it. */
function checkInside(
  entries: readonly TensorEntry[],
  data: { readonly offsetBytes: number; readonly alignment: number; readonly fileSizeBytes: number },
): void {
  const packedBytes = entries.reduce((sum, entry) => sum + alignUp(entry.sizeBytes, data.alignment), 0);
  for (const entry of entries) {
    const endBytes = data.offsetBytes + entry.offsetBytes + entry.sizeBytes;
    if (endBytes <= data.fileSizeBytes) continue;
    if (entry.offsetBytes + entry.sizeBytes > packedBytes) {
      const problem = `is ${digits(entry.offsetBytes)}, outside the file of ${String(data.fileSizeBytes)} bytes`;
      throw invalidField(offsetField(entry), entry.fieldBytes, problem);
    }
    throw new LinnetError(
      'GgufTruncated',
      `The file has ${String(data.fileSizeBytes)} bytes, but the tensor ${quoted(entry.name)} (${String(entry.sizeBytes)} ` +
        `bytes at byte ${String(data.offsetBytes + entry.offsetBytes)}) ends at byte ${String(endBytes)}. ` +
        'Its download was probably cut short: fetch it again.',
    );
  }
}

function offsetField(entry: TensorEntry): string {
  return `the offset of the tensor ${quoted(entry.name)}`;
}

/** The next multiple of `alignment`. */
export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
