/** Random valid rows of every block type, as a file has them and as the GPU has them. It runs nothing. */
import { randomHalfBits, signed, wholeBelow, type Random } from './values.ts';
import { paddedRowElements, type BlockType } from '../blocks/block-type.ts';

/** Where the half-precision scales of a block lie, by name of the type. */
const SCALE_OFFSETS: Readonly<Record<string, readonly number[]>> = {
  F32: [],
  F16: [0],
  Q4_0: [0],
  Q8_0: [0],
  Q4_K: [0, 2],
  Q6_K: [208],
};

/** Bytes of rows; all bits random but for the scales, which are finite and below 2^(maxExponent - 14), many subnormal. */
export function randomRows(
  type: BlockType,
  numRows: number,
  rowElements: number,
  random: Random,
  maxExponent = 30,
): Uint8Array<ArrayBuffer> {
  const numBlocks = (numRows * rowElements) / type.blockElements;
  const raw = Uint8Array.from({ length: numBlocks * type.blockBytes }, () => wholeBelow(random, 256));
  const view = new DataView(raw.buffer);
  const offsets = SCALE_OFFSETS[type.name];
  if (offsets === undefined) throw new Error(`say in SCALE_OFFSETS where the scales of ${type.name} lie`);
  for (let block = 0; block < numBlocks; block++) {
    const at = block * type.blockBytes;
    if (type.name === 'F32') view.setFloat32(at, signed(random), true);
    for (const offset of offsets) view.setUint16(at + offset, randomHalfBits(random, maxExponent), true);
  }
  return raw;
}

export interface Planes {
  readonly quants: Uint32Array<ArrayBuffer>;
  readonly scales: Uint32Array<ArrayBuffer>;
  /** Groups of 32 in a padded row. */
  readonly numGroups: number;
}

export function planesOf(type: BlockType, raw: Uint8Array, numRows: number, rowElements: number): Planes {
  const numBlocks = (numRows * paddedRowElements(rowElements)) / type.gpuBlockElements;
  const quants = new Uint8Array(numBlocks * type.quantBytes);
  const scales = new Uint8Array(Math.max(4, Math.ceil((numBlocks * type.scaleBytes) / 4) * 4));
  type.repack(raw, numRows, rowElements, quants, scales);
  return {
    quants: new Uint32Array(quants.buffer),
    scales: new Uint32Array(scales.buffer),
    numGroups: paddedRowElements(rowElements) / 32,
  };
}

/** A row length near `wanted` that the type can have. */
export function rowElementsNear(type: BlockType, wanted: number): number {
  return Math.max(1, Math.round(wanted / type.blockElements)) * type.blockElements;
}
