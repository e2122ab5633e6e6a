/** Every kernel that the runtime can reach is one of several variants, or has a check of its own; probes measure and compute nothing. */
import { expect, it } from 'vitest';
import { allKernels } from '../index.ts';
import { singleSubject } from './single-check.ts';

const OF_FAMILIES = /^(linear_|int8_gem|expert_gem|\w+_gated_(normed_|expert_)?gem|attention_(rows|flash|split)_)/;

it('checks every kernel', () => {
  const alone = allKernels().filter(({ name }) => !OF_FAMILIES.test(name) && !name.startsWith('probe_'));
  expect(alone.length).toBeGreaterThan(60);
  expect(alone.filter((kernel) => singleSubject(kernel) === undefined).map(({ name }) => name)).toEqual([]);
});
