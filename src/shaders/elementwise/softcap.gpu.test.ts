/** The cap of logits against the oracle, from where it is straight to where it is flat; rows without logits stay as they are. */
import { expect, it } from 'vitest';
import { describeOnAdapters, packFields, packStep, type KernelRunner } from '../../../tools/node/kernel-runner.ts';
import type { Kernel } from '../kernel.ts';
import { differences, exactly, softcapTolerance } from '../vectors/tolerance.ts';
import { planted, seededRandom, signed } from '../testing/values.ts';
import { SOFTCAP_PARAMS, softcap } from './softcap.ts';

const CAP = 30;
const SPECIAL = [0, 1e30, -1e30, 1e-30, 3000, -3000];

async function check(runner: KernelRunner, kernel: Kernel, seed: number) {
  const random = seededRandom(seed);
  const [width, numRows] = [320, 4]; // the last row has no logits
  const logits = Float32Array.from(
    { length: width * numRows },
    (_, i) => SPECIAL[i] ?? signed(random) * 10 ** (4 * random() - 1),
  );
  const step = packStep({ numPrompt: 50, numGenerated: 9, numPromptLogits: 2, numGeneratedLogits: 1 });
  const params = packFields(SOFTCAP_PARAMS, { row_words: width / 4, softcap: { f32: CAP } });
  const results = await runner.run(kernel, [step, params, logits], [Math.ceil(width / 4 / 64), numRows, 1]);
  return differences(
    new Float32Array(results[2] ?? new ArrayBuffer(0)),
    Array.from(logits, (x, i) =>
      i >= (numRows - 1) * width
        ? exactly(x)
        : { value: CAP * Math.tanh(x / CAP), tolerance: softcapTolerance(0, CAP) },
    ),
  );
}

describeOnAdapters((runner) => {
  it('softcap_f32: seed 65', async () => {
    expect(await check(runner(), softcap, 65)).toEqual([]);
  });

  it.for<readonly [string, string]>([
    ['abs(x)', 'x'],
    ['sign(x)', '1.0'],
    ['step.num_prompt_logits + step.num_generated_logits', 'step.num_prompt'],
    ['row * params.row_words', '0u'],
    ['-2.0 *', '-1.99 *'],
  ])('finds a planted mistake: %s -> %s', async ([right, wrong]) => {
    expect(await check(runner(), planted(softcap, right, wrong), 65)).not.toEqual([]);
  });
});
