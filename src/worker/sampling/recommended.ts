/**
 * What a model's makers recommend for sampling, as GGUF files carry it (`general.sampling.*`). It fills in what a request
 * leaves open and never overrides one. Keys: https://github.com/ggml-org/llama.cpp/pull/17120
 */
import type { RecommendedSampling } from '../api.ts';

interface NumberMetadata {
  number(key: string): number | undefined;
}

/** Values that make no sense are left out: a recommendation is no reason to refuse a file. */
export function recommendedSampling(metadata: NumberMetadata): RecommendedSampling {
  const read = (key: string, isValid: (value: number) => boolean): number | undefined => {
    const value = metadata.number(`general.sampling.${key}`);
    return value !== undefined && isValid(value) ? roundedF32(value) : undefined;
  };
  const temperature = read('temp', (value) => value >= 0 && value <= 100);
  // llama.cpp turns top-k off by any number below 1, Linnet by 0.
  const topK = read('top_k', (value) => Number.isInteger(value) && value <= 0xffffffff);
  const topP = read('top_p', (value) => value > 0 && value <= 1);
  const minP = read('min_p', (value) => value >= 0 && value < 1);
  const repetitionPenalty = read('penalty_repeat', (value) => value >= 0.01 && value <= 100);
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { topK: Math.max(0, topK) }),
    ...(topP === undefined ? {} : { topP }),
    ...(minP === undefined ? {} : { minP }),
    ...(repetitionPenalty === undefined ? {} : { repetitionPenalty }),
  };
}

/** Files hold 32-bit floats: 0.95 comes as 0.949999988. */
function roundedF32(value: number): number {
  return Number(value.toPrecision(7));
}
