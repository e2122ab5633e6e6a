/**
 * The oracle of the quantised cache: ggml's reference quantisers (quantize_row_q8_0_ref, quantize_row_q4_0_ref), and where the
 * words of a slot lie and what they mean. Knows no kernel.
 */
import { halfToNumber } from '../blocks/block-type.ts';
import type { KvBlockLayout } from './kv-layout.ts';
import { kvSlotShape } from './kv.ts';

/** Elements that share a scale. */
export interface Quantised {
  readonly scaleBits: number;
  /** Signed in q8_0, 0 to 15 in q4_0. */
  readonly quants: readonly number[];
}

export function quantiseRef(layout: KvBlockLayout, values: ArrayLike<number>): Quantised {
  const list = Array.from(values);
  const top = list.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  const scale = Math.fround(layout === 'q8_0' ? Math.abs(top) / 127 : top / -8);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  const quants = list.map((value) => {
    const x = value * inverse;
    if (layout === 'q8_0') return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
    return Math.min(15, Math.trunc(x + 8.5));
  });
  return { scaleBits: numberToHalf(scale), quants };
}

export function dequantiseRef(layout: KvBlockLayout, { scaleBits, quants }: Quantised): readonly number[] {
  const zero = layout === 'q8_0' ? 0 : 8;
  return quants.map((quant) => halfToNumber(scaleBits) * (quant - zero));
}

/** Bits of the nearest half, ties to even; what is too large becomes the largest. */
export function numberToHalf(x: number): number {
  const magnitude = Math.min(Math.abs(x), 65504);
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 1e-9)));
  const steps = magnitude / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const rest = steps - below;
  const mantissa = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A mantissa that reaches 2048 carries into the exponent; one below 1024 is subnormal, of exponent field 0.
  return (x < 0 ? 0x8000 : 0) | (mantissa < 1024 ? mantissa : ((exponent + 15) << 10) + (mantissa - 1024));
}

/** Where the words of a slot of a page lie. */
export interface SlotAt {
  readonly quants: number;
  readonly scales: number;
}

export function pageWords(layout: KvBlockLayout, headDim: number, blockTokens: number): number {
  const { quantWords, scaleWords } = kvSlotShape(layout, headDim);
  return blockTokens * (quantWords + scaleWords);
}

export function slotAt(
  layout: KvBlockLayout,
  headDim: number,
  blockTokens: number,
  page: number,
  slot: number,
): SlotAt {
  const { quantWords, scaleWords } = kvSlotShape(layout, headDim);
  const start = page * pageWords(layout, headDim, blockTokens);
  return { quants: start + slot * quantWords, scales: start + blockTokens * quantWords + slot * scaleWords };
}

/** Writes a head's groups into the words of a slot. */
export function writeSlot(layout: KvBlockLayout, words: Uint32Array, at: SlotAt, groups: readonly Quantised[]): void {
  const put = (index: number, bits: number, shift: number) => {
    words[index] = ((words[index] ?? 0) | (bits << shift)) >>> 0;
  };
  groups
    .flatMap(({ quants }) => quants)
    .forEach((quant, e) => {
      const lane = e % 4;
      if (layout === 'q8_0') put(at.quants + Math.floor(e / 4), quant & 255, 8 * lane);
      else put(at.quants + Math.floor(e / 8), quant, 8 * lane + (e % 8 < 4 ? 0 : 4));
    });
  groups.forEach(({ scaleBits }, s) => {
    put(at.scales + (s >> 1), scaleBits, 16 * (s & 1));
  });
}

/** The groups that the words of a slot hold. */
export function readSlot(layout: KvBlockLayout, words: Uint32Array, at: SlotAt, headDim: number): readonly Quantised[] {
  const { scaleElements, numScales } = kvSlotShape(layout, headDim);
  const byteOf = (index: number, lane: number) => ((words[index] ?? NaN) >>> (8 * lane)) & 255;
  const quantOf = (e: number) => {
    if (layout === 'q8_0') return (byteOf(at.quants + Math.floor(e / 4), e % 4) << 24) >> 24;
    return (byteOf(at.quants + Math.floor(e / 8), e % 4) >> (e % 8 < 4 ? 0 : 4)) & 15;
  };
  return Array.from({ length: numScales }, (_, s) => ({
    scaleBits: ((words[at.scales + (s >> 1)] ?? NaN) >>> (16 * (s & 1))) & 0xffff,
    quants: Array.from({ length: scaleElements }, (_unused, i) => quantOf(s * scaleElements + i)),
  }));
}
