/**
 * Conversations with a model that has recurrent layers: a turn goes on from the state behind the last one, the same prompt computes
 * its last token alone, and speculation, which must undo states, never changes a token.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recurrentModel } from '../../../tools/fixtures/recurrent-model.ts';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';
import type { CreateDrafter } from '../speculation/drafter.ts';
import { tokenId } from '../tokens.ts';

const GREEDY = { temperature: 0, topLogprobs: 1 } as const;
const PROMPT = Array.from({ length: 40 }, (_, i) => 3 + ((i * 29) % 256));

const tokens = (ids: readonly number[]) => ({ kind: 'tokens', ids }) as const;
const drawn = ({ events }: Generated) => events.flatMap((event) => (event.kind === 'logprobs' ? [event.chosen] : []));
const idsOf = (generated: Generated) => drawn(generated).map(({ token }) => token);

/** Guesses that are right but for every third. */
function knowingDrafter(ids: readonly number[]): CreateDrafter {
  return () => {
    let numKnown = 0;
    return {
      push: (pushed) => (numKnown += pushed.length),
      propose: (maxTokens) =>
        ids
          .slice(numKnown, numKnown + Math.min(5, maxTokens))
          .map((id, i) => tokenId(i % 3 === 2 ? (id + 1) % 256 : id)),
      verified: () => undefined,
    };
  };
}

const CASES = openTestAdapters().flatMap((adapter) =>
  (['lfm2', 'rwkv7'] as const).map((architecture) => ({ ...adapter, architecture })),
);

for (const { name, title, architecture } of CASES) {
  describe.skipIf(title.includes('skipped'))(`${architecture} ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let handle: string;
    let createDrafter: CreateDrafter = () => ({ push: () => undefined, propose: () => [], verified: () => undefined });
    const ask = (request: Partial<Ask>) =>
      engine.ask(handle, {
        input: tokens(PROMPT),
        sampling: GREEDY,
        ignoreEos: true,
        maxTokens: 16,
        speculation: 'off',
        ...request,
      });
    beforeAll(async () => {
      engine = await TestEngine.open(name, { createDrafter: (sources) => createDrafter(sources) });
      const file = new File([recurrentModel(architecture)], 'recurrent.gguf');
      ({ handle } = await engine.load({ source: { kind: 'file', file }, kvType: 'f32' }));
    }, 300_000);
    afterAll(() => {
      for (const device of engine.devices) device.destroy();
    });

    it('goes on from the last turn, and says what a cold run of the same tokens says', async () => {
      const first = await ask({ conversation: 'one' });
      expect(first.result.numCachedTokens).toBe(0);
      const turn = [...PROMPT, ...idsOf(first), 77, 78, 79];
      const second = await ask({ input: tokens(turn), conversation: 'one' });
      // All but the turn's last token, which was drawn and not computed.
      expect(second.result.numCachedTokens).toBe(PROMPT.length + 15);
      const again = await ask({ input: tokens(turn), conversation: 'one' });
      expect(again.result.numCachedTokens).toBe(turn.length - 1);
      expect(drawn(again)).toEqual(drawn(second));
    });

    it('draws the same with guesses that are right and wrong by turns, and keeps the state of the end', async () => {
      const plain = await ask({ maxTokens: 24 });
      createDrafter = knowingDrafter(idsOf(plain));
      const guessed = await ask({ maxTokens: 24, speculation: 'ngram', conversation: 'two' });
      expect(drawn(guessed)).toEqual(drawn(plain));
      const { numSteps, numAcceptedTokens, numDraftTokens } = guessed.result.speculation;
      expect(numSteps).toBeLessThan(24);
      expect(numAcceptedTokens).toBeGreaterThan(5);
      expect(numDraftTokens).toBeGreaterThan(numAcceptedTokens);
      const turn = [...PROMPT, ...idsOf(guessed), 5];
      const next = await ask({ input: tokens(turn), conversation: 'two' });
      expect(next.result.numCachedTokens).toBe(turn.length - 2);
    });
  });
}
