/**
 * The checks that the self-test is made of: every kernel that there is a choice of passes its own on every adapter, and
 * mistakes planted in kernels are found, told apart from a row whose bits depend on its neighbours.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDawn } from '../../../../tools/node/dawn.ts';
import { openTestAdapters } from '../../../../tools/node/test-devices.ts';
import type { BlockType } from '../../../shaders/blocks/block-type.ts';
import { F32 } from '../../../shaders/blocks/f32.ts';
import { Q4_0 } from '../../../shaders/blocks/q4_0.ts';
import { Q4_K } from '../../../shaders/blocks/q4_k.ts';
import type { Kernel } from '../../../shaders/kernel.ts';
import { isInt8 } from '../../../shaders/linear/int8.ts';
import type { KvLayout } from '../../../shaders/lib/kv-layout.ts';
import { planted } from '../../../shaders/testing/values.ts';
import {
  candidatesOf,
  KERNEL_FAMILIES,
  type KernelFamily,
  type KernelNeeds,
  type Subject,
} from '../../../shaders/variants.ts';
import { checkOf } from '../../../shaders/vectors/check-of.ts';
import type { Gpu } from '../gpu.ts';
import { openAdapter } from '../open.ts';
import { runCheck } from './run-check.ts';

/** Rows with and without padding, scales in one plane or the other; types differ in `dequant32` alone. */
const TYPES: readonly BlockType[] = [F32, Q4_0, Q4_K];
/** Variants for GPUs too, also where they are not the first choice. */
const TRAITS = { software: true, hasF16: true, subgroupMin: 4 };

function needs(layout: KvLayout, headDim: number): KernelNeeds {
  return {
    normed: TYPES,
    plain: TYPES,
    gated: TYPES,
    gatedPlain: [],
    experts: [],
    gatedExperts: [],
    int8: [Q4_0, Q4_K].filter(isInt8),
    activation: 'silu',
    attention: [{ layout, headDim, keys: 'before' }],
    decodeAttention: [{ layout, headDim, headsPerKv: 3, chunk: 128 }],
    typical: { type: Q4_0, rowElements: 512 },
  };
}

const ENCODER: KernelNeeds = { ...needs('f32', 32), attention: [{ layout: 'f32', headDim: 32, keys: 'around' }] };
const CACHES: readonly KernelNeeds[] = [needs('f16', 64), needs('q4_0', 80), ENCODER];

/** Gates of other families: by GELU, and behind a layer norm or no norm. */
const GELU: KernelNeeds = {
  ...needs('f16', 64),
  normed: [],
  plain: [],
  gated: [Q4_0],
  gatedPlain: [Q4_0],
  int8: [],
  activation: 'gelu',
};

const SUBJECTS: readonly Subject[] = KERNEL_FAMILIES.flatMap((family) =>
  (family === 'attention' || family === 'decodeAttention' ? CACHES : CACHES.slice(0, 1))
    .flatMap((cache) => candidatesOf(family, cache, TRAITS))
    .flatMap(({ subjects }) => subjects),
).concat(candidatesOf('gemv', GELU, TRAITS).flatMap(({ subjects }) => subjects));

function subjectOf(family: KernelFamily, variant: string, op: string, input?: string): Subject {
  const subject = candidatesOf(family, { ...needs('f16', 64), normed: [Q4_0], plain: [Q4_0], gated: [Q4_0] }, TRAITS)
    .filter((candidate) => candidate.variant === variant)
    .flatMap(({ subjects }) => subjects)
    .find((one) => one.op === op && (input === undefined || ('input' in one && one.input === input)));
  if (subject === undefined) throw new Error(`no ${op} in ${family} ${variant}`);
  return subject;
}

/** Of a name of its own, since a device keeps pipelines by name. */
function mistaken(subject: Subject, right: string, wrong: string): Kernel {
  return { ...planted(subject.kernel, right, wrong), name: `${subject.kernel.name} with ${wrong}` };
}

interface Planted {
  readonly family: KernelFamily;
  readonly variant: string;
  readonly op: string;
  readonly input?: string;
  readonly right: string;
  readonly wrong: string;
  readonly kind: 'wrong' | 'unsteady';
}

const GEMM_ROWS = { family: 'gemm', variant: 'rows', op: 'gemm' } as const;
const GEMM_TILED = { family: 'gemm', variant: 'tiled', op: 'gemm' } as const;
const GEMV_ROWS = { family: 'gemv', variant: 'rows', op: 'gemv' } as const;
const LANES_INT8 = { family: 'gemvInt8', variant: 'lanes', op: 'gemvInt8' } as const;
const TILED_INT8 = { family: 'gemmInt8', variant: 'tiled', op: 'gemmInt8' } as const;
const LANES = { family: 'gemv', variant: 'lanes', op: 'gemv' } as const;
const FLASH = { family: 'attention', variant: 'flash', op: 'attention' } as const;
const DECODE = { family: 'decodeAttention', variant: 'grouped', op: 'decodeAttention' } as const;
const KEYS = 'min(last_key - start + 1u, TILE_K)';

const PLANTED: readonly Planted[] = [
  // The last partial tile of outputs, of rows, of keys.
  { ...GEMM_ROWS, right: 'n < params.num_out', wrong: 'wid.x * 64u + 64u <= params.num_out', kind: 'wrong' },
  { ...GEMM_ROWS, right: 'last >= 4u', wrong: 'last > 4u', kind: 'wrong' },
  { ...GEMM_TILED, right: 'm < rows.y', wrong: 'm0 + 32u <= rows.y', kind: 'wrong' },
  { ...GEMM_TILED, right: 'group < params.num_groups', wrong: 'group + 1u < params.num_groups', kind: 'wrong' },
  { ...FLASH, right: 'local_row < tile.count', wrong: 'local_row + 1u < tile.count', kind: 'wrong' },
  { ...FLASH, right: KEYS, wrong: `(${KEYS} - select(0u, 1u, start > 0u))`, kind: 'wrong' },
  { ...FLASH, variant: 'rows', right: 'key <= last_key', wrong: 'key < last_key', kind: 'wrong' },
  { ...DECODE, right: 'key < count; key += 32u', wrong: 'key + 1u < count; key += 32u', kind: 'wrong' },
  { ...DECODE, right: 'first_head + h)', wrong: 'first_head)', kind: 'wrong' },
  { ...LANES_INT8, right: 'dot4(w.w, v.w)', wrong: 'dot4(w.w, v.z)', kind: 'wrong' },
  { ...TILED_INT8, right: 'fma(-8.0, sum, f32(a + b))', wrong: 'fma(-8.0, sum, f32(a - b))', kind: 'wrong' },
  // Halves overflow.
  {
    ...GEMM_ROWS,
    right: 'fma(value, scale, b)',
    wrong: 'fma(clamp(value, -65504.0, 65504.0), scale, b)',
    kind: 'wrong',
  },
  {
    ...LANES,
    input: 'normed',
    right: 'fma(v, v, sum)',
    wrong: 'fma(min(v, vec4<f32>(65504.0)), v, sum)',
    kind: 'wrong',
  },
  {
    ...GEMV_ROWS,
    right: 'if (count > 1u) { store_scaled(at.y',
    wrong: 'if (count > 2u) { store_scaled(at.y',
    kind: 'wrong',
  },
  { ...GEMV_ROWS, right: 'bias[column(n)]', wrong: 'bias[n]', kind: 'wrong' },
  { ...GEMV_ROWS, op: 'gated', right: 'params.split_at + row', wrong: 'row', kind: 'wrong' },
  { ...LANES, input: 'plain', right: 'group += 32u', wrong: 'group += 64u', kind: 'wrong' },
  { ...LANES, input: 'normed', right: 'return row_index[m]', wrong: 'return m', kind: 'wrong' },
  { ...LANES, op: 'gated', right: 'distance < 32u', wrong: 'distance < 16u', kind: 'wrong' },
  // An ulp, in steps of one number of rows alone.
  {
    ...GEMM_ROWS,
    right: 'sum4(sums.b)',
    wrong: 'sum4(sums.b) * select(1.0, 1.0000001, rows.y == 2u)',
    kind: 'unsteady',
  },
  { ...GEMV_ROWS, right: 'sum4(a0), s', wrong: 'sum4(a0) * select(1.0, 1.0000001, count == 1u), s', kind: 'unsteady' },
  {
    ...FLASH,
    right: 'acc[i] * end.x / end.y',
    wrong: 'acc[i] * end.x / (end.y * select(1.0, 1.0000001, tile.count == 5u))',
    kind: 'unsteady',
  },
];

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(title, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      const { adapter } = await openDawn({ adapter: name });
      gpu = await openAdapter(adapter, { defaultLimits: true });
    });
    afterAll(() => {
      gpu.destroy();
    });

    const verdict = async (subject: Subject, kernel: Kernel = subject.kernel) => {
      const check = { ...checkOf(subject), kernel };
      return check.verify(await runCheck(gpu.apart(), check, await gpu.pipeline(kernel)));
    };

    it.for(SUBJECTS.map((subject) => ({ subject, title: subject.kernel.name })))(
      '$title passes its check',
      async ({ subject }, { skip }) => {
        const missing = subject.kernel.features.find((feature) => !gpu.device.features.has(feature));
        skip(missing !== undefined, `the adapter has no ${String(missing)}`);
        expect(await verdict(subject)).toBeUndefined();
      },
    );

    it.for(PLANTED.map((one) => ({ ...one, title: `${one.family} ${one.variant}, ${one.right} -> ${one.wrong}` })))(
      'finds a mistake planted in $title',
      async ({ family, variant, op, input, right, wrong, kind }) => {
        const subject = subjectOf(family, variant, op, input);
        expect(await verdict(subject, mistaken(subject, right, wrong))).toMatchObject({ kind });
      },
    );

    it('says where a kernel is wrong', async () => {
      const subject = subjectOf('gemm', 'rows', 'gemm');
      const found = await verdict(subject, mistaken(subject, 'last >= 7u', 'last > 7u'));
      expect(found?.detail).toMatch(
        /^word \d+ is -?[\d.e+-]+, not -?[\d.e+-]+ \+- [\d.e+-]+; \d+ of \d+ differ, \d+ rows$/,
      );
    });

    it('leaves no buffer behind', async () => {
      const owner = gpu.apart();
      const subject = subjectOf('gemv', 'rows', 'gemv');
      await runCheck(owner, checkOf(subject), await gpu.pipeline(subject.kernel));
      expect(owner.counters.numBuffersCreated).toBeGreaterThan(0);
      expect(owner.counters.bufferBytes).toBe(0);
    });
  });
}
