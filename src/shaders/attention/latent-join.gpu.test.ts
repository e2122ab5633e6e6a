/** Rows of q|k|v of latent attention are copies, word for word; rows that are none of the step, and the padding, stay as they were. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { planted, UNTOUCHED } from '../testing/values.ts';
import { differences, exactly } from '../vectors/tolerance.ts';
import { LATENT_PARAMS, latentJoin } from './attention.ts';

const [NUM_HEADS, ROPE, LATENT, PLAIN, KV_PITCH, NUM_ROWS] = [3, 8, 20, 12, 32, 3] as const;
const HEAD = ROPE + LATENT;
const PITCH = (NUM_HEADS + 2) * HEAD + 4;

async function check(runner: KernelRunner, kernel: Kernel) {
  const count = (length: number, first: number) => Float32Array.from({ length }, (_, i) => first + i);
  const all = NUM_ROWS + 1;
  const q = count(all * NUM_HEADS * (PLAIN + ROPE), 0);
  const absorbed = count(all * NUM_HEADS * LATENT, 10000);
  const kv = count(all * KV_PITCH, 20000);
  const out = new Float32Array(all * PITCH).fill(UNTOUCHED);
  const params = packFields(LATENT_PARAMS, {
    num_heads: NUM_HEADS,
    rope_words: ROPE / 4,
    latent_words: LATENT / 4,
    plain_words: PLAIN / 4,
    kv_words: KV_PITCH / 4,
    out_words: PITCH / 4,
  });
  const step = packStep({ numPrompt: 2, numGenerated: NUM_ROWS - 2 });
  const results = await runner.run(kernel, [step, params, q, absorbed, kv, out], [1, all, 1]);
  const expected = Array.from(out, (_, at) => {
    const [row, column] = [Math.floor(at / PITCH), at % PITCH];
    const [head, i] = [Math.floor(column / HEAD), column % HEAD];
    if (row >= NUM_ROWS || head >= NUM_HEADS + 2) return UNTOUCHED;
    if (head >= NUM_HEADS) return kv[row * KV_PITCH + (i < ROPE ? LATENT + i : i - ROPE)] ?? NaN;
    const pair = row * NUM_HEADS + head;
    return (i < ROPE ? q[pair * (PLAIN + ROPE) + PLAIN + i] : absorbed[pair * LATENT + i - ROPE]) ?? NaN;
  });
  return differences(new Float32Array(results[5] ?? new ArrayBuffer(0)), expected.map(exactly));
}

describeOnAdapters((runner) => {
  it('copies what heads, key and value consist of', async () => {
    expect(await check(runner(), latentJoin)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['params.num_heads + 2u', 'params.num_heads + 3u'],
    ['params.latent_words + i', 'i'],
    ['pitch + params.plain_words + i', 'pitch + i'],
    ['row < step.num_prompt + step.num_generated', 'true'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    expect(await check(runner(), planted(latentJoin, right, wrong))).not.toEqual([]);
  });
});
