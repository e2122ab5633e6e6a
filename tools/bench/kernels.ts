/**
 * `npm run bench:kernels`: the matrix products of each block type, in one run with the limits they are held against: GEMV
 * with dequantise-and-dot from registers and with memory, GEMM with fma from registers. Options: --adapter, --no-f16,
 * --no-subgroups, --gemv, --gemm, --rows N (of the weight), --width K, --prompt M, --rounds N, --precision exact|int8
 * (in int8 the limit is dot4I8Packed from registers), --gemv-int8, --gemm-int8, --clock wall|device, --json.
 */
import { parseArgs } from 'node:util';
import { PRECISIONS } from '../../src/shaders/linear/precision.ts';
import { GPU_OPTIONS, oneOf, readGpuArguments, wholeNumber } from '../node/gpu-arguments.ts';
import { CLOCK_NAMES, type ClockName } from '../node/device-clock.ts';
import { formatKernels } from './kernel-report.ts';
import { runKernelBench } from './measure-kernels.ts';

const { values } = parseArgs({
  options: {
    ...GPU_OPTIONS,
    rows: { type: 'string' },
    width: { type: 'string', default: '2048' },
    prompt: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '9' },
    precision: { type: 'string', default: 'exact' },
    clock: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

try {
  const report = await runKernelBench({
    ...readGpuArguments(values),
    numOut: wholeNumber('--rows', values.rows ?? defaultRows(values.adapter), 64),
    width: wholeNumber('--width', values.width, 256),
    numPrompt: wholeNumber('--prompt', values.prompt, 1),
    precision: oneOf('--precision', values.precision, PRECISIONS) ?? 'exact',
    numRounds: wholeNumber('--rounds', values.rounds, 1),
    clock: oneOf('--clock', values.clock, CLOCK_NAMES) ?? defaultClock(values.adapter),
  });
  console.log(values.json ? JSON.stringify(report, null, 2) : formatKernels(report));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** A software adapter is threads of this process; a GPU's time passes outside it. */
function defaultClock(adapter: string): ClockName {
  return adapter === 'native' ? 'wall' : 'device';
}

/** Far more than a GPU's caches hold; for a CPU, whose memory is not what it waits for, what it does in reasonable time. */
function defaultRows(adapter: string): string {
  return adapter === 'native' ? '65536' : '2048';
}
