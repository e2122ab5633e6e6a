/**
 * `npm run parity:shapes`: synthetic one-layer models of true widths, our runtime in Node on Dawn against the f64 oracle.
 * Every checked position is computed twice, as a prompt row and, in the same cache slot, as a generated row. A row per
 * case; the last line and the exit code say how many passed.
 */
import { parseArgs } from 'node:util';
import type { ByteSource } from '../../src/cache/byte-source.ts';
import { openAdapter } from '../../src/worker/gpu/open.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { hash } from '../fixtures/random-blocks.ts';
import { syntheticModel } from '../fixtures/synthetic-model.ts';
import { openDawn } from '../node/dawn.ts';
import { GPU_OPTIONS, readGpuArguments, type GpuArguments } from '../node/gpu-arguments.ts';
import { LlamaOracle } from '../oracle/llama.ts';
import { computeBothClasses, type ClassLogits } from './both-classes.ts';
import { Difference, LIMITS, logSumExp } from './golden.ts';
import { SHAPE_CASES, type ShapeCase } from './shape-cases.ts';

interface ShapeOptions extends GpuArguments {
  readonly filter: RegExp;
}

interface CaseResult {
  readonly prompt: Difference;
  readonly generated: Difference;
  /** Most shards any matrix has. */
  readonly numShards: number;
  readonly runtimeMs: number;
  readonly oracleMs: number;
}

const NUM_TOP = 32;
const NUM_FIXED = 32;

function readOptions(argv: readonly string[]): ShapeOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...GPU_OPTIONS, filter: { type: 'string', default: '' } },
  });
  return { ...readGpuArguments(values), filter: new RegExp(values.filter) };
}

async function check(options: ShapeOptions, shapeCase: ShapeCase): Promise<CaseResult> {
  const { shape, numTokens } = shapeCase;
  const ids = Array.from({ length: numTokens }, (_, i) => hash(i, 77) % shape.vocabSize);
  const positions = shapeCase.positions.map((position) => (position < 0 ? numTokens + position : position));
  const source = syntheticModel(shape, shapeCase.weights);
  const started = performance.now();
  const { logits, numShards } = await computeOnGpu(options, source, ids, positions);
  const computed = performance.now();
  const exact = await (await LlamaOracle.open(source)).logProbs(ids, positions);
  const differenceOf = (actual: ClassLogits) => {
    const difference = new Difference();
    for (const position of positions) compare(difference, actual.get(position), exact.get(position));
    return difference;
  };
  return {
    prompt: differenceOf(logits.prompt),
    generated: differenceOf(logits.generated),
    numShards,
    runtimeMs: computed - started,
    oracleMs: performance.now() - computed,
  };
}

async function computeOnGpu(
  options: ShapeOptions,
  source: ByteSource,
  ids: readonly number[],
  positions: readonly number[],
) {
  const dawn = await openDawn({ adapter: options.adapter });
  const gpu = await openAdapter(dawn.adapter, { defaultLimits: true, withoutFeatures: options.withoutFeatures });
  try {
    const plan = planModel(await readGgufHeader(source), gpu, {
      ...DEFAULT_SIZE_OPTIONS,
      contextLength: ids.length,
      cacheTokens: ids.length + 96,
      kvLayout: 'f32',
      maxLogitRows: positions.length,
    });
    const runner = await ModelRunner.create(gpu, source, plan, options.variants);
    const numShards = Math.max(...plan.weights.weights.matrices.map((matrix) => matrix.plan.shards.length));
    return { logits: await computeBothClasses(runner, ids, positions), numShards };
  } finally {
    gpu.destroy();
  }
}

/** Over the oracle's 32 likeliest tokens and 32 others, the same for every case. */
function compare(difference: Difference, logits: Float32Array | undefined, exact: Float64Array | undefined): void {
  if (logits === undefined || exact === undefined) throw new Error('a checked position was not computed');
  const norm = logSumExp(logits);
  const top = Array.from(exact.keys())
    .sort((a, b) => (exact[b] ?? 0) - (exact[a] ?? 0))
    .slice(0, NUM_TOP);
  const fixed = Array.from({ length: NUM_FIXED }, (_, i) => hash(i, 1234) % exact.length);
  for (const id of [...top, ...fixed]) difference.add((logits[id] ?? NaN) - norm, exact[id] ?? NaN);
}

const options = readOptions(process.argv.slice(2));
const cases = SHAPE_CASES.filter(({ name }) => options.filter.test(name));
console.log(`adapter ${(await openDawn({ adapter: options.adapter })).description}`);
let passed = 0;
let failed = 0;
for (const shapeCase of cases) {
  const label = shapeCase.name.padEnd(48);
  try {
    const { prompt, generated, numShards, runtimeMs, oracleMs } = await check(options, shapeCase);
    const good = prompt.max <= LIMITS.f32.max && generated.max <= LIMITS.f32.max;
    if (good) passed += 1;
    else failed += 1;
    const times = `${(runtimeMs / 1000).toFixed(1)} s, oracle ${(oracleMs / 1000).toFixed(1)} s`;
    console.log(
      `${good ? 'pass' : 'FAIL'} ${label} max: prompt ${prompt.max.toExponential(1)}, generated ${generated.max.toExponential(1)} over ${String(prompt.count + generated.count)}; shards <= ${String(numShards)}; ${times}`,
    );
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${label} ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
}
if (cases.length === 0) console.log('no case matches');
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
