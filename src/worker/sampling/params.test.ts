import { describe, expect, it } from 'vitest';
import type { SamplingParams } from '../api.ts';
import { LinnetError } from '../errors.ts';
import { needsAdjusting, needsCounts, resolveSamplingParams } from './params.ts';

const context = { vocabSize: 100, chooseSeed: () => 77 };
const resolve = (params: SamplingParams) => resolveSamplingParams(params, context);

describe('resolveSamplingParams', () => {
  it('fills in the defaults that api.ts documents', () => {
    expect(resolve({})).toEqual({
      temperature: 0.7,
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      repetitionPenalty: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      logitBias: [],
      seed: 77,
      topLogprobs: undefined,
    });
  });

  it('keeps what is given', () => {
    const given = {
      temperature: 2,
      topK: 0,
      topP: 1,
      minP: 0,
      seed: 0xffffffff,
      topLogprobs: 20,
      repetitionPenalty: 1.3,
    };
    expect(resolve(given)).toMatchObject(given);
    expect(resolve({ logitBias: { 99: -100, 3: 1.5 } }).logitBias).toEqual([
      { id: 3, value: 1.5 },
      { id: 99, value: -100 },
    ]);
  });

  it('takes a temperature that nothing but the largest logit survives as greedy', () => {
    expect(resolve({ temperature: 1e-5 }).temperature).toBe(0);
    expect(resolve({ temperature: 1e-3 }).temperature).toBe(1e-3);
  });

  const tooMany = Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [i, 1]));
  it.each<[string, SamplingParams, string]>([
    ['temperature', { temperature: -1 }, '0 to 100'],
    ['temperature', { temperature: NaN }, '0 to 100'],
    ['temperature', { temperature: Infinity }, '0 to 100'],
    ['topK', { topK: -1 }, '0 to'],
    ['topK', { topK: 1.5 }, 'whole number'],
    ['topP', { topP: 0 }, 'above 0'],
    ['topP', { topP: 1.01 }, '0 to 1'],
    ['minP', { minP: 1 }, 'below 1'],
    ['minP', { minP: -0.1 }, '0 to 1'],
    ['repetitionPenalty', { repetitionPenalty: 0 }, '0.01 to 100'],
    ['presencePenalty', { presencePenalty: 101 }, '-100 to 100'],
    ['frequencyPenalty', { frequencyPenalty: NaN }, '-100 to 100'],
    ['seed', { seed: 2 ** 32 }, '0 to 4294967295'],
    ['seed', { seed: -1 }, '0 to 4294967295'],
    ['topLogprobs', { topLogprobs: 21 }, '0 to 20'],
    ['logitBias', { logitBias: { 100: 1 } }, '0 to 99'],
    ['logitBias of token 5', { logitBias: { 5: -Infinity } }, '-10000 to 10000'],
    ['logitBias', { logitBias: tooMany }, 'at most 1024'],
  ])('refuses a wrong %s: %o', (field, params, range) => {
    const refusal = catchError(() => resolve(params));
    expect(refusal.name).toBe('InvalidRequest');
    expect(refusal.message).toContain(`sampling.${field}`);
    expect(refusal.message).toContain(range);
  });
});

describe('needsAdjusting', () => {
  it('is true for biases and penalties alone', () => {
    expect(needsAdjusting(resolve({ temperature: 1, topK: 5, minP: 0.5, topLogprobs: 3 }))).toBe(false);
    expect(needsAdjusting(resolve({ logitBias: { 1: 1 } }))).toBe(true);
    expect(needsCounts(resolve({ logitBias: { 1: 1 } }))).toBe(false);
    for (const one of [{ repetitionPenalty: 1.1 }, { presencePenalty: 0.1 }, { frequencyPenalty: -0.1 }]) {
      expect(needsCounts(resolve(one))).toBe(true);
      expect(needsAdjusting(resolve(one))).toBe(true);
    }
  });
});

function catchError(action: () => unknown): LinnetError {
  try {
    action();
  } catch (error) {
    if (error instanceof LinnetError) return error;
  }
  throw new Error('expected a LinnetError');
}
