/**
 * Every model of the reference corpus: planned for a device with WebGPU's default limits, or refused by a sentence that names
 * what is missing. That those which are planned are computed right, `npm run parity` says.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { planModel } from '../../src/worker/model/runner.ts';
import { DEFAULT_SIZE_OPTIONS } from '../../src/worker/model/sizes.ts';
import { nodeFileSource } from '../node/file-source.ts';

const REFERENCE = resolve(process.env['LINNET_REFERENCE'] ?? resolve(import.meta.dirname, '../../../shared/reference'));
const MODELS = join(REFERENCE, 'models');
const missing = existsSync(MODELS) ? '' : ' (skipped: the reference corpus is not beside this checkout)';

const architecture = (name: string) => new RegExp(`^The model's architecture is "${name}"`);

/** What is refused, and what the refusal says. A model that becomes supported leaves this list. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'falcon-h1': architecture('falcon-h1'),
  granitehybrid: architecture('granitehybrid'),
  jamba: architecture('jamba'),
  lfm2: architecture('lfm2'),
  lfm2moe: architecture('lfm2moe'),
  mamba: architecture('mamba'),
  mamba2: architecture('mamba2'),
  nemotron_h: architecture('nemotron_h'),
  qwen35: architecture('qwen35'),
  qwen35moe: architecture('qwen35moe'),
  qwen3next: architecture('qwen3next'),
  rwkv7: architecture('rwkv7'),
};

const GPU = {
  limits: { maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 },
  traits: { software: false, hasF16: false, subgroupMin: undefined },
};

/** `planned`, or what the refusal says. */
async function verdictOf(name: string): Promise<string> {
  const source = await nodeFileSource(join(MODELS, `${name}.gguf`));
  const file = await readGgufHeader(source);
  await source.close();
  const contextLength = 256;
  try {
    planModel(file, GPU, { ...DEFAULT_SIZE_OPTIONS, contextLength, cacheTokens: contextLength, kvLayout: 'f16' });
    return 'planned';
  } catch (error) {
    if (error instanceof Error && error.name === 'UnsupportedArchitecture') return error.message;
    throw error;
  }
}

describe.skipIf(missing !== '')(`the reference corpus${missing}`, () => {
  const names = missing === '' ? readdirSync(MODELS).map((name) => name.replace(/\.gguf$/, '')) : ['none'];

  it.for(names)('%s is planned, or refused by name', async (name) => {
    expect(await verdictOf(name)).toMatch(REFUSED[name] ?? /^planned$/);
  });

  it('has every model that is said to be refused', () => {
    expect(names).toEqual(expect.arrayContaining(Object.keys(REFUSED)));
  });
});
