/** What files recommend, and what of it is left out. */
import { describe, expect, it } from 'vitest';
import { recommendedSampling } from './recommended.ts';

function metadata(values: Readonly<Record<string, number>>): Parameters<typeof recommendedSampling>[0] {
  return { number: (key) => values[key] };
}

describe('recommendedSampling', () => {
  it('is empty for a file that recommends nothing', () => {
    expect(recommendedSampling(metadata({ 'general.quantization_version': 2 }))).toEqual({});
  });

  it('reads the names of llama.cpp, as decimal numbers', () => {
    const values = {
      'general.sampling.temp': 0,
      'general.sampling.top_k': 20,
      'general.sampling.top_p': Math.fround(0.95),
      'general.sampling.min_p': Math.fround(0.01),
      'general.sampling.penalty_repeat': Math.fround(1.1),
    };
    expect(recommendedSampling(metadata(values))).toEqual({
      temperature: 0,
      topK: 20,
      topP: 0.95,
      minP: 0.01,
      repetitionPenalty: 1.1,
    });
  });

  it('takes a top-k of -1 for none, and leaves out what is no setting', () => {
    const values = {
      'general.sampling.temp': -1,
      'general.sampling.top_k': -1,
      'general.sampling.top_p': 0,
      'general.sampling.min_p': 1,
      'general.sampling.penalty_repeat': Number.NaN,
    };
    expect(recommendedSampling(metadata(values))).toEqual({ topK: 0 });
  });
});
