/**
 * `npm run bench:kernels`: the matrix products of each block type, in one run with the limits they are held against: GEMV
 * with dequantise-and-dot from registers and with memory, GEMM with fma from registers. Options: --adapter, --no-f16,
 * --no-subgroups, --gemv, --gemm, --rows N (of the weight), --width K, --prompt M, --rounds N, --json.
 */
import { parseArgs } from 'node:util';
import { GPU_OPTIONS, readGpuArguments, wholeNumber } from '../node/gpu-arguments.ts';
import { formatKernels } from './kernel-report.ts';
import { runKernelBench } from './measure-kernels.ts';

const { values } = parseArgs({
  options: {
    ...GPU_OPTIONS,
    rows: { type: 'string', default: '8192' },
    width: { type: 'string', default: '2048' },
    prompt: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'boolean', default: false },
  },
});

try {
  const report = await runKernelBench({
    ...readGpuArguments(values),
    numOut: wholeNumber('--rows', values.rows, 64),
    width: wholeNumber('--width', values.width, 256),
    numPrompt: wholeNumber('--prompt', values.prompt, 1),
    numRounds: wholeNumber('--rounds', values.rounds, 1),
  });
  console.log(values.json ? JSON.stringify(report, null, 2) : formatKernels(report));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
