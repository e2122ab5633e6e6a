/**
 * The shader lint: every kernel of `src/shaders/index.ts` is compiled and made into a pipeline on Dawn's null backend, with
 * default limits, the features that it names and the bind group layout that it declares. Milliseconds a kernel, no GPU.
 * Errors are printed as `label:line:column: message` with the line of source. `--filter RE` picks kernels by name.
 */
import { parseArgs } from 'node:util';
import { allKernels } from '../src/shaders/index.ts';
import { openDawn, openDevice } from './node/dawn.ts';
import { checkKernel, duplicateNames } from './node/kernel-check.ts';

const { values } = parseArgs({ options: { filter: { type: 'string', default: '' } } });
const filter = new RegExp(values.filter);
const kernels = allKernels().filter((kernel) => filter.test(kernel.name));

const dawn = await openDawn({ adapter: 'null' });
const features = new Set(kernels.flatMap((kernel) => kernel.features));
const device = await openDevice(dawn, { features: [...features] });
const bare = await openDevice(dawn);

const problems = duplicateNames(kernels).map((name) => `${name}: two kernels have this name`);
for (const kernel of kernels) {
  // A kernel that names no feature must do without: it is checked on a device that has none.
  problems.push(...(await checkKernel(kernel.features.length === 0 ? bare : device, kernel)));
}

for (const problem of problems) console.error(problem);
if (kernels.length === 0) console.error('no kernels: nothing was checked');
console.log(`${kernels.length} kernels, ${problems.length} problems`);
if (problems.length > 0 || kernels.length === 0) process.exitCode = 1;
