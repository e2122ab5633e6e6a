/** Random valid rows of every block type, as a file has them and as the GPU has them. It runs nothing. */
import { randomHalfBits, signed, wholeBelow, type Random } from './values.ts';
import { paddedRowElements, type BlockField, type BlockType } from '../blocks/block-type.ts';

/**
 * Bytes of rows; all bits random but for the numbers, which are finite: halves below 2^(maxExponent - 14), many of them
 * subnormal, exponents below maxExponent - 14, some as small as those of f32.
 */
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
  let at = 0;
  for (let block = 0; block < numBlocks; block++) {
    for (const { kind, numBytes } of type.fields) {
      if (kind !== 'bytes') writeNumber(view, at, kind, random, maxExponent);
      at += numBytes;
    }
  }
  return raw;
}

/** Of the f32 next to `value`. */
function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

function writeNumber(
  view: DataView,
  at: number,
  kind: Exclude<BlockField['kind'], 'bytes'>,
  random: Random,
  maxExponent: number,
): void {
  switch (kind) {
    case 'f32':
      view.setFloat32(at, signed(random), true);
      return;
    case 'f16':
      view.setUint16(at, randomHalfBits(random, maxExponent), true);
      return;
    case 'bf16':
      view.setUint16(at, bitsOf(signed(random)) >>> 16, true);
      return;
    case 'e8m0': {
      // From 2^-125 on, since the smallest weight is half of the scale and must be no subnormal of f32.
      const largest = 127 + maxExponent - 14;
      const smallest = random() < 0.125 ? 2 : largest - 30;
      view.setUint8(at, smallest + wholeBelow(random, largest - smallest));
    }
  }
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
