/**
 * The check of the gather from an embedding of one block type: a shard in the middle of the table, rows whose token lies in
 * another one, which stay as they were. Runs nothing.
 */
import type { BlockType } from '../blocks/block-type.ts';
import { dequantizeRows } from '../blocks/dequantize.ref.ts';
import { ALL_BLOCK_TYPES } from '../blocks/index.ts';
import { embed, EMBED_PARAMS } from '../embed/embed.ts';
import type { Kernel } from '../kernel.ts';
import { planesOf, randomRows, rowElementsNear } from './blocks.ts';
import { packParams, packStepRows, type KernelCheck } from './check.ts';
import { plainCheck } from './plain-check.ts';
import { EPS32, exactly, type Expected } from './tolerance.ts';
import { seededRandom, UNTOUCHED } from './values.ts';

const FIRST = 4;
const NUM_TOKENS = 7;
/** Of the shard all but one, the ends among them; two of others. */
const TOKENS = [10, 4, 3, 7, 11, 5, 9, 6];
const SCALE = 4;

export function embedCheck(kernel: Kernel): KernelCheck {
  const type = typeOf(kernel);
  const width = rowElementsNear(type, 100);
  const raw = randomRows(type, NUM_TOKENS, width, seededRandom(141));
  const exact = dequantizeRows(type, raw, NUM_TOKENS, width);
  const { quants, scales, numGroups } = planesOf(type, raw, NUM_TOKENS, width);
  const padded = numGroups * 32;
  const rows = Uint32Array.from(TOKENS.flatMap((token, r) => [token, 100 + r, r, 0]));
  const out = new Float32Array((TOKENS.length + 1) * padded).fill(UNTOUCHED);
  const params = packParams(
    EMBED_PARAMS,
    { first_token: FIRST, num_tokens: NUM_TOKENS, num_groups: numGroups, scale: SCALE, index_by: 0, add_to_out: 0 },
    ['scale'],
  );
  const flushed = flushedBy(type);
  const expected = Array.from(out, (before, i): Expected => {
    const [r, column] = [Math.floor(i / padded), i % padded];
    const token = (TOKENS[r] ?? 0) - FIRST;
    if (token < 0 || token >= NUM_TOKENS) return exactly(before);
    if (column >= width) return exactly(0);
    const value = (exact[token * width + column] ?? NaN) * SCALE;
    return { value, tolerance: SCALE * flushed + 2 * EPS32 * Math.abs(value) };
  });
  return plainCheck(kernel, [
    {
      bindings: [quants, scales, packStepRows(5, TOKENS.length - 5), params, rows, out],
      workgroups: [Math.ceil(((TOKENS.length + 1) * numGroups) / 64), 1, 1],
      outputs: [{ binding: 5, expected }],
    },
  ]);
}

/** What a weight is off by where the device takes subnormal halves for zero: quants and scales of scales are bytes. */
function flushedBy({ fields, name }: BlockType): number {
  if (!fields.some(({ kind }) => kind === 'f16')) return 0;
  const most = name === 'F16' ? 1 : name.endsWith('_K') ? 64 * 127 : 127;
  return 2 ** -14 * most;
}

function typeOf(kernel: Kernel): BlockType {
  const type = ALL_BLOCK_TYPES.find((one) => embed(one).name === kernel.name);
  if (type === undefined) throw new RangeError(`no block type of ${kernel.name}`);
  return type;
}
