/**
 * Every model of the reference corpus is planned for a device with WebGPU's default limits; of one that is refused the sentence is
 * shown. That they are computed right, `npm run parity` says.
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

  it.for(names)('%s is planned', async (name) => {
    expect(await verdictOf(name)).toBe('planned');
  });
});
