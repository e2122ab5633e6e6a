import { describe, expect, it } from 'vitest';
import { NONE, ROW_FLAGS } from '../../shaders/sample/layout.ts';
import type { SamplingParams } from '../api.ts';
import { resolveSamplingParams } from '../sampling/params.ts';
import { packLogitBias, sampleRowOf } from './sample-row.ts';

const resolve = (params: SamplingParams) => resolveSamplingParams(params, { vocabSize: 100, chooseSeed: () => 77 });

describe('sampleRowOf', () => {
  it('turns temperature and min-p into what the kernels compare with', () => {
    const row = sampleRowOf(resolve({ temperature: 2, minP: 0.25, topLogprobs: 0 }), { position: 9, slot: 3 });
    expect(row).toMatchObject({
      position: 9,
      slot: 3,
      seed: 77,
      inv_temperature: 0.5,
      token_index: NONE,
      mask_offset: NONE,
    });
    expect(row.min_p_offset).toBeCloseTo(2 * Math.log(0.25), 12);
    expect(row.flags).toBe(ROW_FLAGS.logprobs);
  });

  it('marks greedy rows and rows with penalties', () => {
    const row = sampleRowOf(resolve({ temperature: 0, presencePenalty: 1 }), { position: 0, slot: 0, tokenIndex: 4 });
    expect(row.flags).toBe(ROW_FLAGS.greedy | ROW_FLAGS.counts);
    expect(row.token_index).toBe(4);
  });
});

describe('packLogitBias', () => {
  it('lays the rows one after the other', () => {
    const { words, offsets } = packLogitBias([[{ id: 7, value: 1 }], [], [{ id: 8, value: -2 }]]);
    expect(offsets).toEqual([0, 1, 1]);
    expect([...words]).toEqual([7, 0x3f800000, 8, 0xc0000000]);
  });
});
