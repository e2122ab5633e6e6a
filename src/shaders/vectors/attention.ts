/**
 * Inputs of attention for its tests and the self-test: sequences of many lengths in one paged cache with shuffled blocks,
 * where slots that no row may see hold poison; and what the oracle expects. It runs nothing.
 */
import { halfToNumber } from '../blocks/block-type.ts';
import { isBlockLayout, type KvBlockLayout, type KvLayout } from '../lib/kv-layout.ts';
import { kvSlotShape } from '../lib/kv.ts';
import { dequantiseRef, pageWords, slotAt, writeSlot, type Quantised } from '../lib/kv.ref.ts';
import { attentionTolerance, dotTolerance, softcapTolerance, type Expected } from './tolerance.ts';
import { randomFloats, randomHalves, seededRandom, shuffled, wholeBelow, halfBitsNear, type Random } from './values.ts';
import { attentionRef } from '../attention/attention.ref.ts';

export const BLOCK_TOKENS = 32;
const NUM_SPARE_BLOCKS = 2;
/** What slots hold that no row may see. */
const POISON = 30000;
const POISON_HALF = 0x7753; // about 30000

export interface AttentionShape {
  readonly headDim: number;
  readonly numKvHeads: number;
  readonly headsPerKv: number;
  /** Of the queries: 1 spreads the weights, 30 makes them peaked. */
  readonly qScale: number;
  /** Keys a row may see, its own among them; default: all. */
  readonly window?: number;
  /** Rows see `window` keys on either side, of the whole sequence, which a word behind its block table measures. */
  readonly around?: boolean;
  /** Of scores; default: none. */
  readonly softcap?: number;
  /** Every head has an attention sink; default: none has. */
  readonly sinks?: boolean;
}

/** Rows of one sequence at ascending positions. */
export type Chunk = readonly [firstPosition: number, numRows: number];

export interface Row {
  readonly sequence: number;
  readonly position: number;
}

type Words = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

export interface AttentionInputs {
  readonly rows: readonly Row[];
  readonly numPrompt: number;
  readonly q: Float32Array<ArrayBuffer>; // [rows, qStride]
  readonly qStride: number;
  readonly numBlocks: number;
  readonly tables: Uint32Array<ArrayBuffer>; // [sequences, tableStride]
  readonly tableStride: number;
  /** Words of the blocks first .. first + count - 1. */
  keys(first: number, count: number): Words;
  values(first: number, count: number): Words;
  /** Of heads, whether or not they are used: some drown in the scores, some drown them. */
  readonly sinks: Float32Array<ArrayBuffer>; // [numHeads]
  /** The last key that a row sees. */
  lastKey(row: number): number;
  /** Of a row, [numHeads * headDim]. */
  expected(row: number, numTiles: number): readonly Expected[];
}

interface Pool {
  readonly numbers: Float32Array<ArrayBuffer>; // [block][kv head][slot][headDim]
  words(first: number, count: number): Words;
}

function makePool(
  layout: KvLayout,
  random: Random,
  numBlocks: number,
  { headDim, numKvHeads }: AttentionShape,
  isUsed: (at: number) => boolean,
): Pool {
  if (isBlockLayout(layout)) return makeBlockPool(layout, random, numBlocks * numKvHeads, headDim, numKvHeads, isUsed);
  const blockElements = numKvHeads * BLOCK_TOKENS * headDim;
  const length = numBlocks * blockElements;
  if (layout === 'f32') {
    const numbers = randomFloats(random, length).map((value, at) => (isUsed(at) ? value : POISON));
    return { numbers, words: (first, count) => numbers.slice(first * blockElements, (first + count) * blockElements) };
  }
  const bits = randomHalves(random, length).bits.map((half, at) => (isUsed(at) ? half : POISON_HALF));
  return {
    numbers: Float32Array.from(bits, halfToNumber),
    words: (first, count) => new Uint32Array(bits.slice(first * blockElements, (first + count) * blockElements).buffer),
  };
}

/** Random quants under random scales, some subnormal: the numbers are exactly what they stand for. */
function makeBlockPool(
  layout: KvBlockLayout,
  random: Random,
  numPages: number,
  headDim: number,
  pagesPerBlock: number,
  isUsed: (at: number) => boolean,
): Pool {
  const { scaleElements, numScales } = kvSlotShape(layout, headDim);
  const sizeWords = pageWords(layout, headDim, BLOCK_TOKENS);
  const all = new Uint32Array(numPages * sizeWords);
  const numbers = new Float32Array(numPages * BLOCK_TOKENS * headDim);
  const steps = layout === 'q8_0' ? 127 : 7;
  for (let slot = 0; slot < numPages * BLOCK_TOKENS; slot++) {
    const groups = Array.from({ length: numScales }, (): Quantised => {
      const scaleBits = random() < 0.1 ? 1 + wholeBelow(random, 1023) : halfBitsNear((0.3 + random()) / steps);
      const isNegative = layout === 'q4_0' && random() < 0.5;
      return {
        scaleBits: isUsed(slot * headDim) ? (isNegative ? 0x8000 : 0) | scaleBits : POISON_HALF,
        quants: Array.from(
          { length: scaleElements },
          () => wholeBelow(random, 2 * steps + 1) - (steps === 7 ? 0 : steps),
        ),
      };
    });
    const at = slotAt(layout, headDim, BLOCK_TOKENS, Math.floor(slot / BLOCK_TOKENS), slot % BLOCK_TOKENS);
    writeSlot(layout, all, at, groups);
    numbers.set(
      groups.flatMap((group) => dequantiseRef(layout, group)),
      slot * headDim,
    );
  }
  const blockWords = pagesPerBlock * sizeWords;
  return { numbers, words: (first, count) => all.slice(first * blockWords, (first + count) * blockWords) };
}

/** `prompt` and `generated`: chunks, each of a sequence of its own. */
export function attentionInputs(
  layout: KvLayout,
  seed: number,
  shape: AttentionShape,
  scale: number,
  { prompt, generated }: { readonly prompt: readonly Chunk[]; readonly generated: readonly Chunk[] },
): AttentionInputs {
  const random = seededRandom(seed);
  const { headDim, numKvHeads, headsPerKv } = shape;
  const chunks = [...prompt, ...generated];
  const lengths = chunks.map(([first, count]) => first + count);
  const blocksOf = lengths.map((length) => Math.ceil(length / BLOCK_TOKENS));
  const numBlocks = blocksOf.reduce((a, b) => a + b) + NUM_SPARE_BLOCKS;
  const pack = shuffled(random, numBlocks);
  const tableStride = Math.max(...blocksOf) + 1;
  const tables = new Uint32Array(lengths.length * tableStride);
  const usedSlots = new Array<number>(numBlocks).fill(0);
  blocksOf.forEach((count, sequence) => {
    for (let i = 0; i < count; i++) {
      const block = pack.pop() ?? NaN;
      tables[sequence * tableStride + i] = block;
      usedSlots[block] = Math.min(BLOCK_TOKENS, (lengths[sequence] ?? NaN) - i * BLOCK_TOKENS);
    }
  });
  if (shape.around === true) lengths.forEach((length, s) => (tables[(s + 1) * tableStride - 1] = length));
  const { window = Infinity, around = false } = shape;
  const lastKeyOf = ({ sequence, position }: Row): number =>
    around ? Math.min((lengths[sequence] ?? NaN) - 1, position + window) : position;
  const blockElements = numKvHeads * BLOCK_TOKENS * headDim;
  const isUsed = (at: number) =>
    Math.floor(at / headDim) % BLOCK_TOKENS < (usedSlots[Math.floor(at / blockElements)] ?? NaN);
  const keys = makePool(layout, random, numBlocks, shape, isUsed);
  const values = makePool(layout, random, numBlocks, shape, isUsed);
  const rows = chunks.flatMap(([first, count], sequence) =>
    Array.from({ length: count }, (_, i): Row => ({ sequence, position: first + i })),
  );
  const numHeads = numKvHeads * headsPerKv;
  const qStride = numHeads * headDim + 8;
  const q = randomFloats(random, rows.length * qStride, shape.qScale);
  const sinks = randomFloats(random, numHeads, 6);
  sinks[numHeads - 1] = 200; // far beyond what exp can take
  const elementOf = (pool: Pool, sequence: number, kvHead: number) => (position: number, e: number) => {
    const block = tables[sequence * tableStride + Math.floor(position / BLOCK_TOKENS)] ?? NaN;
    return (
      pool.numbers[block * blockElements + (kvHead * BLOCK_TOKENS + (position % BLOCK_TOKENS)) * headDim + e] ?? NaN
    );
  };
  return {
    rows,
    numPrompt: prompt.reduce((sum, [, count]) => sum + count, 0),
    q,
    qStride,
    numBlocks,
    tables,
    tableStride,
    sinks,
    keys: (first, count) => keys.words(first, count),
    values: (first, count) => values.words(first, count),
    lastKey: (row) => lastKeyOf(rows[row] ?? { sequence: NaN, position: NaN }),
    expected(row, numTiles) {
      const { sequence = NaN, position = NaN } = rows[row] ?? {};
      const numKeys = lastKeyOf({ sequence, position }) + 1;
      return Array.from({ length: numHeads }, (_, head) => {
        const kvHead = Math.floor(head / headsPerKv);
        const at = row * qStride + head * headDim;
        const k = elementOf(keys, sequence, kvHead);
        const v = elementOf(values, sequence, kvHead);
        const { softcap = 0 } = shape;
        const firstKey = Math.max(0, position + (around ? 0 : 1) - window);
        const sink = shape.sinks === true ? sinks[head] : undefined;
        const visible = { firstKey, numKeys, softcap, sink };
        const attended = attentionRef(q.subarray(at, at + headDim), k, v, visible, scale);
        const scoreTolerance = softcapTolerance(dotTolerance(headDim, attended.scoreNorm), softcap);
        const tolerance = attentionTolerance(scoreTolerance, numKeys, numTiles, attended.largestValue);
        return Array.from(attended.values, (value): Expected => ({ value, tolerance }));
      }).flat();
    },
  };
}
