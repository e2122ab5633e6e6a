/** The shader lint finds what it is there to find: each way of being wrong is planted once. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/shaders/kernel.ts';
import { openDawn, openDevice } from './dawn.ts';
import { checkKernel, duplicateNames } from './kernel-check.ts';

const GOOD: Kernel = {
  name: 'double_f32',
  code: [
    'override scale: f32;',
    '@group(0) @binding(0) var<storage, read> x: array<f32>;',
    '@group(0) @binding(1) var<storage, read_write> y: array<f32>;',
    '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {',
    '  y[id.x] = scale * x[id.x];',
    '}',
  ].join('\n'),
  bindings: ['read', 'readWrite'],
  constants: { scale: 2 },
  features: [],
};

describe('checkKernel on the null backend', () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await openDevice(await openDawn({ adapter: 'null' }));
  });

  it('has nothing to say of a good kernel', async () => {
    expect(await checkKernel(device, GOOD)).toEqual([]);
  });

  it('gives label, line, column and source of a type error', async () => {
    const [problem = ''] = await checkKernel(device, { ...GOOD, code: GOOD.code.replace('scale *', 'id *') });
    expect(problem).toMatch(/^double_f32:5:\d+: .*no matching overload/);
    expect(problem).toContain('\n      y[id.x] = id * x[id.x];\n');
  });

  it.each<[string, Partial<Kernel>, RegExp]>([
    ['a constant without a value', { constants: {} }, /scale/],
    ['a constant that the code has not', { constants: { scale: 2, other: 1 } }, /other/],
    ['a binding of another kind', { bindings: ['readWrite', 'readWrite'] }, /binding|layout/i],
    ['a binding that is not described', { bindings: ['read'] }, /binding/i],
    ['a binding that the code has not', { bindings: ['read', 'readWrite', 'uniform'] }, /binding 2 \(uniform\)/],
    ['a feature that is not named', { code: `enable f16;\n${GOOD.code}` }, /f16/],
    ['too large a workgroup', { code: GOOD.code.replace('64', '512') }, /workgroup/i],
  ])('reports %s', async (_, change, expected) => {
    const problems = await checkKernel(device, { ...GOOD, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });
});

it('finds names that are used twice', () => {
  expect(duplicateNames([GOOD, { ...GOOD, name: 'other' }, GOOD])).toEqual(['double_f32']);
});
