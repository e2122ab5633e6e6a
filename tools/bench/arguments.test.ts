/** The command line of the benchmark. */
import { describe, expect, it } from 'vitest';
import { readBenchArguments } from './arguments.ts';

describe('the arguments of bench', () => {
  it('have defaults', () => {
    expect(readBenchArguments(['--model', 'a.gguf'])).toEqual({
      adapter: 'swiftshader',
      withoutFeatures: [],
      variants: {},
      model: { kind: 'file', path: 'a.gguf' },
      numPrompt: 128,
      numGenerate: 32,
      kvFill: 0,
      kv: 'f32',
      precision: 'exact',
      numRepeats: 3,
      lateSteps: 1,
      clock: 'wall',
      json: false,
    });
  });

  it('take a shape, capped in layers', () => {
    const argv =
      '--shape llama-3.2-1b --layers 2 --type Q4_K --kv-fill 4096 --kv q8_0 --no-f16 --gemv lanes --precision int8 --gemm-int8 tiled --json --adapter null';
    const options = readBenchArguments(argv.split(' '));
    expect(options.model).toEqual({ kind: 'shape', name: 'llama-3.2-1b', type: 'Q4_K', numLayers: 2 });
    expect(options).toMatchObject({
      kvFill: 4096,
      kv: 'q8_0',
      withoutFeatures: ['shader-f16'],
      precision: 'int8',
      variants: { gemv: 'lanes', gemmInt8: 'tiled' },
      json: true,
      adapter: 'null',
    });
    expect(readBenchArguments(['--shape', 'stories260k', '--layers', '99']).model).toMatchObject({ numLayers: 5 });
  });

  it.each([
    [[], /^usage/],
    [['--model', 'a', '--shape', 'stories260k'], /^usage/],
    [['--shape', 'gpt-5'], /--shape: one of stories260k/],
    [['--shape', 'stories260k', '--type', 'IQ2_XS'], /--type: one of F32/],
    [['--model', 'a', '--layers', '2'], /--layers go with --shape/],
    [['--model', 'a', '--prompt', '0'], /--prompt: a whole number from 1 up/],
    [['--model', 'a', '--generate', 'x'], /--generate/],
    [['--model', 'a', '--kv-fill=-1'], /--kv-fill/],
    [['--model', 'a', '--kv', 'q8'], /--kv: one of f32, f16, q8_0, q4_0/],
    [['--model', 'a', '--gemv', 'fast'], /--gemv: one of rows, columns, lanes, subgroups/],
    [['--model', 'a', '--adapter', 'x'], /--adapter: one of/],
    [['--model', 'a', '--late-steps', '3'], /--late-steps: one of 0, 1, 2/],
    [['--model', 'a', '--clock', 'sun'], /--clock: one of wall, device/],
  ])('refuse %j', (argv, message) => {
    expect(() => readBenchArguments(argv)).toThrow(message);
  });
});
