/**
 * Speculation never changes a text: the built-in models say the same with it as without it, log-probabilities included,
 * whatever is guessed, and say it in fewer steps where they repeat something. Counters, no clocks.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../../tools/node/test-devices.ts';
import { TestEngine, type Ask, type Generated } from '../../../tools/node/test-engine.ts';
import type { ChatMessage } from '../api.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import type { CreateDrafter } from './drafter.ts';
import { NgramDrafter } from './ngram-drafter.ts';

const MODELS = resolve(import.meta.dirname, '../../../public/models');
const GREEDY = { temperature: 0, topLogprobs: 2 } as const;
/** So hot that the text is noise. */
const NOISE = { temperature: 50, topK: 0, topP: 1, minP: 0, seed: 11, topLogprobs: 1 } as const;
const WARM = { temperature: 1.2, topK: 50, topP: 0.95, minP: 0.02, seed: 5, topLogprobs: 2 } as const;

/** Every token of prompt and output is counted, those of drafts too. */
const PENALISED = {
  ...WARM,
  repetitionPenalty: 1.2,
  presencePenalty: 0.3,
  frequencyPenalty: 0.4,
  logitBias: { 300: 2 },
};

const chat = (...contents: readonly string[]) => ({
  kind: 'chat' as const,
  messages: contents.map((content, i): ChatMessage => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
});
const textOf = (value: string) => ({ kind: 'text', text: value }) as const;

const createNgramDrafter: CreateDrafter = (sources) => new NgramDrafter(sources);

function modelFile(name: string) {
  return { kind: 'file', file: new File([readFileSync(resolve(MODELS, name))], name) } as const;
}

function idsOf({ events }: Generated): readonly TokenId[] {
  return events.flatMap((event) => (event.kind === 'logprobs' ? [tokenId(event.chosen.token)] : []));
}

/** All that must not depend on speculation. */
function saidBy({ result, events }: Generated) {
  const { text, finishReason, numPromptTokens, numGeneratedTokens, contextUsed } = result;
  const said = { text, finishReason, numPromptTokens, numGeneratedTokens, contextUsed };
  return { said, logprobs: events.filter((event) => event.kind === 'logprobs') };
}

/** The same request without and with speculation; they must say the same. */
async function both(engine: TestEngine, handle: string, request: Ask): Promise<Generated> {
  const plain = await engine.ask(handle, { ...request, speculation: 'off' });
  const speculated = await engine.ask(handle, request);
  expect(plain.result.speculation).toEqual({
    numSteps: plain.result.numGeneratedTokens,
    numDraftTokens: 0,
    numAcceptedTokens: 0,
  });
  expect(saidBy(speculated)).toEqual(saidBy(plain));
  return speculated;
}

function tokensPerStep({ result }: Generated): number {
  return result.numGeneratedTokens / result.speculation.numSteps;
}

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(`speculation ${title}`, { timeout: 300_000 }, () => {
    let engine: TestEngine;
    let mini: string;
    let draft: string;
    let createDrafter: CreateDrafter = createNgramDrafter;
    beforeAll(async () => {
      engine = await TestEngine.open(name, { createDrafter: (sources) => createDrafter(sources) });
      ({ handle: mini } = await engine.load({ source: modelFile('linnet-mini-q4_0.gguf') }));
      ({ handle: draft } = await engine.load({ source: modelFile('linnet-draft-q4_0.gguf') }));
    }, 300_000);

    it('says the same in far fewer steps when an answer is given a second time', async () => {
      const question = 'What is WebGPU?';
      const options = { maxTokens: 40, sampling: GREEDY };
      const { result } = await both(engine, mini, { ...options, input: chat(question) });
      const again = await both(engine, mini, { ...options, input: chat(question, result.text, question) });
      expect(again.result.text).toBe(result.text);
      expect(tokensPerStep(again)).toBeGreaterThan(1.5);
      const hinted = await both(engine, mini, { ...options, input: chat(question), hints: [result.text] });
      expect(tokensPerStep(hinted)).toBeGreaterThan(1.5);
    });

    it('takes at most 1.05 times the forwards of plain decoding on random text, and 1.05 times the rows', async () => {
      const numTokens = 200;
      const options = { input: textOf('Once there was'), maxTokens: numTokens, sampling: NOISE, ignoreEos: true };
      await both(engine, draft, options);
      const before = await engine.engine.stats();
      const { result } = await engine.ask(draft, options);
      const after = await engine.engine.stats();
      expect(result.numGeneratedTokens).toBe(numTokens);
      // The first token comes from the prompt's step.
      expect(after.numSteps - before.numSteps).toBeLessThanOrEqual(1.05 * numTokens);
      expect(after.numGeneratedRows - before.numGeneratedRows).toBeLessThanOrEqual(1.05 * (numTokens - 1));
    });

    it('draws the same tokens with guesses that are right, wrong, and both by turns', async () => {
      for (const sampling of [GREEDY, WARM, PENALISED]) {
        const request = { input: textOf('The fox'), maxTokens: 40, sampling, ignoreEos: true };
        const plain = await engine.ask(draft, { ...request, speculation: 'off' });
        const ids = idsOf(plain);
        for (const guesses of ['right', 'wrong', 'mixed'] as const) {
          createDrafter = knowingDrafter(ids, guesses);
          const guessed = await engine.ask(draft, request);
          expect(saidBy(guessed)).toEqual(saidBy(plain));
          const { numSteps, numDraftTokens } = guessed.result.speculation;
          // A step verifies as many as it has rows for: with the one that is known, 32.
          if (guesses === 'right') expect(numSteps).toBe(1 + Math.ceil((ids.length - 1) / 32));
          if (guesses === 'wrong') expect(numSteps).toBe(ids.length);
          expect(numDraftTokens).toBeGreaterThan(ids.length / 2);
        }
      }
      createDrafter = createNgramDrafter;
    });

    it('ends within a run of right guesses as it ends without: stop string, length, end token', async () => {
      const question = 'What is WebGPU?';
      const { result } = await engine.ask(mini, { input: chat(question), maxTokens: 40, sampling: GREEDY });
      const input = chat(question, result.text, question);
      for (const maxTokens of [6, 9, 14]) {
        const cut = await both(engine, mini, { input, maxTokens, sampling: GREEDY });
        expect(cut.result).toMatchObject({ finishReason: 'length', numGeneratedTokens: maxTokens });
      }
      const word =
        result.text
          .slice(result.text.length / 2)
          .trim()
          .split(' ')[1] ?? '';
      const stopped = await both(engine, mini, { input, sampling: GREEDY, stop: [word] });
      expect(word.length).toBeGreaterThan(1);
      expect(stopped.result).toMatchObject({ finishReason: 'stop' });
      expect(stopped.result.text).not.toContain(word);
      const ended = await both(engine, mini, { input, sampling: GREEDY });
      expect(ended.result).toMatchObject({ finishReason: 'stop', text: result.text });
      expect(ended.result.speculation.numAcceptedTokens).toBeGreaterThan(0);
    });

    it('leaves a conversation as it would be without: later turns have the same bits and the same cache', async () => {
      const question = 'What is WebGPU?';
      let numAccepted = 0;
      const turns = async (speculation: 'off' | 'ngram') => {
        const { handle } = await engine.load({ source: modelFile('linnet-mini-q4_0.gguf') });
        const contents = [question];
        const said = [];
        for (let turn = 0; turn < 3; turn++) {
          const answer = await engine.ask(handle, {
            input: chat(...contents),
            conversation: 'turns',
            maxTokens: 40,
            sampling: GREEDY,
            speculation,
          });
          contents.push(answer.result.text, question);
          said.push({ ...saidBy(answer), numCachedTokens: answer.result.numCachedTokens });
          numAccepted += answer.result.speculation.numAcceptedTokens;
        }
        await engine.engine.unload(handle);
        return said;
      };
      const speculated = await turns('ngram');
      expect(numAccepted).toBeGreaterThan(20);
      expect(await turns('off')).toEqual(speculated);
    });

    it('shares the rows of a step among several answers, each as if it were alone', async () => {
      const { handle } = await engine.load({ source: modelFile('linnet-draft-q4_0.gguf'), kvType: 'q8_0' });
      const requests = [GREEDY, PENALISED, NOISE, { ...PENALISED, seed: 6 }].map((sampling, i) => ({
        input: textOf(`Once there was a ${'fox '.repeat(1 + i)}`),
        maxTokens: 16 + 4 * i,
        sampling,
        ignoreEos: true,
      }));
      const alone: Generated[] = [];
      for (const request of requests) alone.push(await engine.ask(handle, { ...request, speculation: 'off' }));
      const together = await Promise.all(
        requests.map((request, i) => engine.ask(handle, { ...request, hints: [alone[i]?.result.text ?? ''] })),
      );
      expect(together.map(saidBy)).toEqual(alone.map(saidBy));
      expect(together.reduce((sum, { result }) => sum + result.speculation.numDraftTokens, 0)).toBeGreaterThan(10);
    });

    it('refuses what it does not understand', async () => {
      for (const wrong of [{ speculation: 'always' }, { hints: 'a text' }, { hints: [7] }]) {
        await expect(engine.ask(draft, { input: textOf('a'), ...(wrong as object) })).rejects.toMatchObject({
          name: 'InvalidRequest',
        });
      }
    });
  });
}

/** A drafter that knows the answer and fills all room it is given: with it, with anything but it, or with both. */
function knowingDrafter(ids: readonly TokenId[], guesses: 'right' | 'wrong' | 'mixed'): CreateDrafter {
  return () => {
    let at = 0;
    const isRight = (offset: number) => guesses === 'right' || (guesses === 'mixed' && offset !== at % 5);
    return {
      push(tokens) {
        at += tokens.length;
      },
      propose(maxTokens) {
        const next = ids.slice(at, at + maxTokens);
        return next.map((token, offset) => (isRight(offset) ? token : tokenId((token + 1) % 1000)));
      },
      verified: () => undefined,
    };
  };
}
