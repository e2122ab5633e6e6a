/** What is refused after a good header: by name, with what is supported instead. */
import { expect, it } from 'vitest';
import { GgufWriter } from '../../../tools/fixtures/gguf-writer.ts';
import { bufferSource } from '../../cache/buffer-source.ts';
import { readGgufHeader } from './gguf-header.ts';
import { checkSupported } from './gguf-support.ts';

const SUPPORTED = {
  supportedTypes: new Set(['Q4_K', 'F32']),
  supportedArchitectures: new Set(['qwen2', 'llama']),
};

async function file(architecture: string | undefined, types: readonly string[]) {
  const writer = new GgufWriter();
  if (architecture !== undefined) writer.set('general.architecture', 'string', architecture);
  types.forEach((type, index) => writer.tensor(`blk.${String(index)}`, type, [256], new Uint8Array(1024)));
  return readGgufHeader(bufferSource(writer.finish()));
}

it('takes a file all of whose types and whose architecture are supported', async () => {
  const good = await file('llama', ['F32', 'Q4_K']);
  expect(() => {
    checkSupported(good, SUPPORTED);
  }).not.toThrow();
});

it.each([
  [
    'mamba',
    ['F32'],
    'UnsupportedArchitecture',
    /architecture is "mamba" .*not supported\. Choose a model of one of these: llama, qwen2\./,
  ],
  ['llama', ['F32', 'IQ2_XS'], 'UnsupportedTensorType', /"blk\.1" has the type IQ2_XS.*these types alone: F32, Q4_K\./],
  ['llama', ['Q8_1', 'F32', 'I8'], 'UnsupportedTensorType', /"blk\.0" \(and 1 more tensors\) has the type Q8_1/],
  [undefined, ['F32'], 'GgufInvalid', /"general\.architecture" is missing/],
] as const)('refuses %s with %j', async (architecture, types, name, message) => {
  const bad = await file(architecture, types);
  expect(() => {
    checkSupported(bad, SUPPORTED);
  }).toThrow(expect.objectContaining({ name, message: expect.stringMatching(message) as string }));
});
