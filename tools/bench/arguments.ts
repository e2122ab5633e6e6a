/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { KV_LAYOUTS, type KvLayout } from '../../src/shaders/lib/kv-layout.ts';
import { PRECISIONS, type Precision } from '../../src/shaders/linear/precision.ts';
import { MAX_LATE_STEPS } from '../../src/worker/serving/step-pipeline.ts';
import { MODEL_SHAPES, type ShapeName } from '../fixtures/model-shapes.ts';
import { WEIGHT_TYPES, type WeightType } from '../fixtures/random-blocks.ts';
import { CLOCK_NAMES, type ClockName } from '../node/device-clock.ts';
import {
  GPU_OPTIONS,
  GPU_USAGE,
  oneOf,
  readGpuArguments,
  wholeNumber,
  type GpuArguments,
} from '../node/gpu-arguments.ts';

export const USAGE = `usage: npm run bench -- (--model FILE | --shape NAME [--type T] [--layers N]) [--prompt N] [--generate N] [--kv-fill N] [--kv T] [--precision exact|int8] [--repeat N] [--late-steps 0|1|2] [--clock wall|device] [--json] ${GPU_USAGE}
  shapes: ${Object.keys(MODEL_SHAPES).join(', ')}; types: ${WEIGHT_TYPES.join(', ')}; of the cache: ${KV_LAYOUTS.join(', ')}`;

const LATE_STEPS = ['0', '1', '2'] as const;

export type BenchModel =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'shape'; readonly name: ShapeName; readonly type: WeightType; readonly numLayers: number };

export interface BenchOptions extends GpuArguments {
  readonly model: BenchModel;
  readonly numPrompt: number;
  readonly numGenerate: number;
  /** Tokens of context before the prompt, with whatever the cache holds. */
  readonly kvFill: number;
  readonly kv: KvLayout;
  readonly precision: Precision;
  readonly numRepeats: number;
  /** Steps that may be unread when the next one is submitted; the product's own number unless said. */
  readonly lateSteps: number;
  readonly clock: ClockName;
  readonly json: boolean;
}

/** @throws Error saying which option is wrong; without a model the usage. */
export function readBenchArguments(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...GPU_OPTIONS,
      model: { type: 'string' },
      shape: { type: 'string' },
      type: { type: 'string' },
      layers: { type: 'string' },
      prompt: { type: 'string', default: '128' },
      generate: { type: 'string', default: '32' },
      'kv-fill': { type: 'string', default: '0' },
      kv: { type: 'string', default: 'f32' },
      precision: { type: 'string', default: 'exact' },
      repeat: { type: 'string', default: '3' },
      'late-steps': { type: 'string', default: String(MAX_LATE_STEPS) },
      clock: { type: 'string', default: 'wall' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    ...readGpuArguments(values),
    model: readModel(values),
    numPrompt: wholeNumber('--prompt', values.prompt, 1),
    numGenerate: wholeNumber('--generate', values.generate, 1),
    kvFill: wholeNumber('--kv-fill', values['kv-fill'], 0),
    kv: oneOf('--kv', values.kv, KV_LAYOUTS) ?? 'f32',
    precision: oneOf('--precision', values.precision, PRECISIONS) ?? 'exact',
    numRepeats: wholeNumber('--repeat', values.repeat, 1),
    lateSteps: Number(oneOf('--late-steps', values['late-steps'], LATE_STEPS)),
    clock: oneOf('--clock', values.clock, CLOCK_NAMES) ?? 'wall',
    json: values.json,
  };
}

interface ModelValues {
  readonly model?: string;
  readonly shape?: string;
  readonly type?: string;
  readonly layers?: string;
}

/** The names people know shapes by, where ours says more. */
const ALIASES: Readonly<Record<string, ShapeName>> = { 'qwen2-0.5b': 'qwen2-0.5b-like' };

/** @throws Error: the usage without a model, else what is wrong */
export function readModel({ model, shape: asked, type, layers }: ModelValues, usage = USAGE): BenchModel {
  const shape = asked === undefined ? undefined : (ALIASES[asked] ?? asked);
  if ((model === undefined) === (shape === undefined)) throw new Error(usage);
  if (model !== undefined) {
    if (type !== undefined || layers !== undefined) throw new Error('--type and --layers go with --shape');
    return { kind: 'file', path: model };
  }
  const names = Object.keys(MODEL_SHAPES).filter(isShapeName);
  const name = oneOf('--shape', shape, names);
  if (name === undefined) throw new Error(usage);
  const { numLayers } = MODEL_SHAPES[name];
  return {
    kind: 'shape',
    name,
    type: oneOf('--type', type, WEIGHT_TYPES) ?? 'Q4_0',
    numLayers: layers === undefined ? numLayers : Math.min(numLayers, wholeNumber('--layers', layers, 1)),
  };
}

function isShapeName(name: string): name is ShapeName {
  return name in MODEL_SHAPES;
}
