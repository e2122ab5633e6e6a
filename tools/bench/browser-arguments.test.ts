/** The command line of the browser's benchmark. */
import { describe, expect, it } from 'vitest';
import { readBrowserArguments } from './browser-arguments.ts';

describe('the arguments of bench:browser', () => {
  it('have defaults', () => {
    expect(readBrowserArguments(['--model', 'a.gguf'])).toEqual({
      model: { kind: 'file', path: 'a.gguf' },
      settings: { numPrompt: 128, numGenerate: 32, kvFill: 0, numRepeats: 3 },
      adapter: 'swiftshader',
      timeoutMs: 30 * 60_000,
      json: false,
    });
  });

  it('take a shape by the name people know', () => {
    const argv =
      '--shape qwen2-0.5b --layers 2 --kv-fill 64 --prompt 16 --generate 4 --precision int8 --adapter lavapipe --json';
    expect(readBrowserArguments(argv.split(' '))).toMatchObject({
      model: { kind: 'shape', name: 'qwen2-0.5b-like', type: 'Q4_0', numLayers: 2 },
      settings: { numPrompt: 16, numGenerate: 4, kvFill: 64, precision: 'int8' },
      adapter: 'lavapipe',
      json: true,
    });
  });

  it.each([
    [[], /^usage: npm run bench:browser/],
    [['--model', 'a', '--generate', '1'], /--generate: a whole number from 2 up/],
    [['--model', 'a', '--adapter', 'native'], /--adapter: one of swiftshader, lavapipe/],
    [['--model', 'a', '--minutes', 'x'], /--minutes/],
    [['--model', 'a', '--precision', 'half'], /--precision: one of exact, int8/],
  ])('refuse %j', (argv, message) => {
    expect(() => readBrowserArguments(argv)).toThrow(message);
  });
});
