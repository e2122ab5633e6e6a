/** Every variant that a device can choose is forced once, by flags that the command line takes for that variant and no other. */
import { expect, it } from 'vitest';
import { Q4_0 } from '../../src/shaders/blocks/q4_0.ts';
import { isInt8 } from '../../src/shaders/linear/int8.ts';
import { candidatesOf, KERNEL_FAMILIES, type KernelNeeds } from '../../src/shaders/variants.ts';
import { readArguments } from './arguments.ts';
import { ALL_SELECTIONS, FORCED_VARIANTS } from './selections.ts';

const NEEDS: KernelNeeds = {
  normed: [Q4_0],
  plain: [Q4_0],
  gated: [Q4_0],
  gatedPlain: [],
  experts: [],
  gatedExperts: [],
  int8: [Q4_0].filter(isInt8),
  activation: 'silu',
  attention: [{ layout: 'f16', headDim: 64, keys: 'before' }],
  decodeAttention: [{ layout: 'f16', headDim: 64, headsPerKv: 4, chunk: 128 }],
  typical: { type: Q4_0, rowElements: 512 },
};
const DEVICES = [
  { software: true, hasF16: false, subgroupMin: 4 },
  { software: true, hasF16: false, subgroupMin: undefined },
  { software: false, hasF16: true, subgroupMin: 32 },
  { software: false, hasF16: true, subgroupMin: undefined },
];

it('forces every variant that there is', () => {
  const forced = FORCED_VARIANTS.map(({ family, variant }) => `${family} ${variant}`);
  for (const traits of DEVICES) {
    const known = KERNEL_FAMILIES.flatMap((family) =>
      candidatesOf(family, NEEDS, traits).map(({ variant }) => `${family} ${variant}`),
    );
    expect(forced).toEqual(expect.arrayContaining(known));
  }
  expect(ALL_SELECTIONS).toEqual(expect.arrayContaining([...FORCED_VARIANTS]));
});

it.for(FORCED_VARIANTS)('$name forces $variant alone', ({ family, variant, flags }) => {
  const { variants, precision } = readArguments(['DIR', ...flags]);
  expect(variants).toEqual({ [family]: variant });
  expect(precision).toBe(family.endsWith('Int8') ? 'int8' : 'exact');
});
