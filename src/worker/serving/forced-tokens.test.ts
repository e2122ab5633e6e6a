import { expect, it } from 'vitest';
import { resolveSamplingParams } from '../sampling/params.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { checkForced, ForcedDrafter, paramsAt } from './forced-tokens.ts';

const REQUEST = { client: 'test', request: 'r', model: 'm', input: { kind: 'text', text: 'a' } } as const;
const ids = (...values: readonly number[]): TokenId[] => values.map((id) => tokenId(id));

it('draws forced tokens with a bias, and those behind them as asked', () => {
  const params = resolveSamplingParams(
    { temperature: 0.5, logitBias: { 1: -1 } },
    { vocabSize: 9, chooseSeed: () => 1 },
  );
  const request = { ...REQUEST, forced: [4, 7] };
  expect(paramsAt(params, request, 1)).toMatchObject({ temperature: 0, seed: 1, logitBias: [{ id: 7, value: 1e9 }] });
  expect(paramsAt(params, request, 2)).toBe(params);
  expect(paramsAt(params, REQUEST, 0)).toBe(params);
});

it('proposes what is forced, then what another drafter guesses, who hears of its own guesses alone', () => {
  const heard: unknown[] = [];
  const drafter = new ForcedDrafter([4, 5, 6], {
    push: (tokens) => heard.push(['push', ...tokens]),
    propose: (maxTokens) => ids(8, 8, 8).slice(0, maxTokens),
    verified: (...counts) => heard.push(['verified', ...counts]),
  });
  expect(drafter.propose(2)).toEqual([4, 5]);
  drafter.verified(2, 2);
  drafter.push(ids(4, 5));
  expect(drafter.propose(9)).toEqual([6]);
  drafter.verified(1, 1);
  drafter.push(ids(6, 3));
  expect(drafter.propose(2)).toEqual([8, 8]);
  drafter.verified(2, 0);
  expect(heard).toEqual([
    ['push', 4, 5],
    ['push', 6, 3],
    ['verified', 2, 0],
  ]);
});

it('refuses what is no token, and more tokens than the answer may have', () => {
  const refuse = (fields: object) => () => {
    checkForced({ ...REQUEST, ...fields }, 9);
  };
  expect(refuse({ forced: [9] })).toThrow('forced has 9, which is no token of this model; ids go from 0 to 8.');
  expect(refuse({ forced: [1, 2], maxTokens: 1 })).toThrow('forced has 2 tokens and maxTokens is 1');
  expect(refuse({ forced: [1, 2], maxTokens: 2 })).not.toThrow();
});
