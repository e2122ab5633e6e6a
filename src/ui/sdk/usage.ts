/** What requests cost, in OpenAI's words. */
import type { Usage, UsageTimings } from './openai-types.ts';
import type { SampleEnd } from './samples.ts';

/** @param ends Of all samples of all prompts, those of a prompt side by side, `numSamples` of each. */
export function usageOf(ends: readonly SampleEnd[], numSamples: number): Usage {
  const results = ends.map(({ result }) => result);
  const firsts = results.filter((_, index) => index % numSamples === 0);
  const numPromptTokens = sum(firsts.map((result) => result.numPromptTokens));
  const numGeneratedTokens = sum(results.map((result) => result.numGeneratedTokens));
  return {
    prompt_tokens: numPromptTokens,
    completion_tokens: numGeneratedTokens,
    total_tokens: numPromptTokens + numGeneratedTokens,
    prompt_tokens_details: { cached_tokens: sum(firsts.map((result) => result.numCachedTokens)) },
    timings: timingsOf(results.map(({ timings }) => timings)),
  };
}

function timingsOf(all: readonly SampleEnd['result']['timings'][]): UsageTimings {
  const [first] = all;
  const decodeMs = Math.max(0, ...all.map((timings) => timings.decodeMs));
  const numDecoded = sum(all.map((timings) => (timings.decodeTokensPerSecond * timings.decodeMs) / 1000));
  return {
    time_to_first_token_ms: first?.timeToFirstTokenMs ?? 0,
    prefill_ms: first?.prefillMs ?? 0,
    decode_ms: decodeMs,
    prefill_tokens_per_second: first?.prefillTokensPerSecond ?? 0,
    decode_tokens_per_second: decodeMs === 0 ? 0 : (1000 * numDecoded) / decodeMs,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
