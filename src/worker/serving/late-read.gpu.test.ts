/**
 * Tokens are read late: the next step is on its way before the token it goes on from is known. What a step takes is counted on
 * Dawn's null backend, where every token is the same; that nothing else changes is seen on devices that compute.
 */
import { describe, expect, it } from 'vitest';
import { openNull } from '../../../tools/node/null-engine.ts';
import type { Ask, TestEngine } from '../../../tools/node/test-engine.ts';
import type { EngineStats } from '../api.ts';
import type { CreateDrafter } from '../speculation/drafter.ts';
import { tokenId } from '../tokens.ts';

const text = (value: string) => ({ kind: 'text', text: value }) as const;

type Counts = Pick<
  EngineStats,
  'numSteps' | 'numSubmits' | 'numWaits' | 'numBuffersCreated' | 'numBindGroupsCreated' | 'numDiscardedTokens'
>;

/** What requests take, together, once an engine is warm. */
async function counted(engine: TestEngine, handle: string, requests: readonly Ask[]): Promise<Counts> {
  await Promise.all(requests.map((request) => engine.ask(handle, { ...request, maxTokens: 4 })));
  const before = await engine.engine.stats();
  await Promise.all(requests.map((request) => engine.ask(handle, request)));
  const after = await engine.engine.stats();
  return {
    numSteps: after.numSteps - before.numSteps,
    numSubmits: after.numSubmits - before.numSubmits,
    numWaits: after.numWaits - before.numWaits,
    numBuffersCreated: after.numBuffersCreated - before.numBuffersCreated,
    numBindGroupsCreated: after.numBindGroupsCreated - before.numBindGroupsCreated,
    numDiscardedTokens: after.numDiscardedTokens - before.numDiscardedTokens,
  };
}

const NUM_TOKENS = 50;
const PLAIN: Ask = { input: text('ba'), maxTokens: NUM_TOKENS, ignoreEos: true, speculation: 'off' };
const NOTHING_MADE = { numBuffersCreated: 0, numBindGroupsCreated: 0 };

describe('what a token takes', () => {
  it.each([1, 2])(
    'one submit, nothing made, and no wait but for the prompt, read %i steps late',
    async (maxLateSteps) => {
      const { engine, handle } = await openNull({ maxLateSteps });
      const alone = {
        numSteps: NUM_TOKENS,
        numSubmits: NUM_TOKENS,
        numWaits: 1,
        numDiscardedTokens: 0,
        ...NOTHING_MADE,
      };
      expect(await counted(engine, handle, [PLAIN])).toEqual(alone);
      const penalised = { ...PLAIN, sampling: { repetitionPenalty: 1.1, logitBias: { 5: 1 }, topLogprobs: 3 } };
      // One more submit counts the prompt's tokens for the penalties.
      expect(await counted(engine, handle, [penalised])).toEqual({ ...alone, numSubmits: NUM_TOKENS + 1 });
      // Two prompts are one step; each of the two takes a row of every further one.
      expect(await counted(engine, handle, [PLAIN, { ...PLAIN, input: text('dida') }])).toEqual(alone);
    },
  );

  it('control: an engine that reads each token before the next step waits for each', async () => {
    const { engine, handle } = await openNull({ maxLateSteps: 0 });
    expect(await counted(engine, handle, [PLAIN])).toMatchObject({ numSteps: NUM_TOKENS, numWaits: NUM_TOKENS - 1 });
  });

  it('control: where guesses are to be had, each step waits for the one before it', async () => {
    const guessing: CreateDrafter = () => ({
      push: () => undefined,
      propose: (maxTokens) => [tokenId(9)].slice(0, maxTokens),
      verified: () => undefined,
    });
    const { engine, handle } = await openNull({ maxLateSteps: 1, createDrafter: guessing });
    // All wrong, since every token is 0. For the last one no guess is made, but it is known only then that it is the last.
    const counts = await counted(engine, handle, [{ ...PLAIN, speculation: 'ngram' }]);
    expect(counts).toMatchObject({ numSteps: NUM_TOKENS, numWaits: NUM_TOKENS - 1, numDiscardedTokens: 0 });
  });
});
