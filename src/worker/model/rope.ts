/**
 * Rotary angles, in double precision on the CPU: cosines and sines of GPUs are off by 5e-3 at large angles.
 * Pure. YaRN: https://arxiv.org/abs/2309.00071; frequency factors as in Llama 3.1.
 */
import type { ModelConfig } from './config.ts';

export class RopeTable {
  /** Radians a position step turns pair i. */
  readonly #frequency: Float64Array; // [ropeDim / 2]
  readonly #magnitude: number;

  /** `factors` divides the frequency of each pair (tensor `rope_freqs.weight`), length ropeDim / 2. */
  constructor(config: ModelConfig, factors?: ArrayLike<number>) {
    const { ropeDim, ropeTheta, ropeScaling } = config;
    const half = ropeDim / 2;
    this.#frequency = new Float64Array(half);
    let magnitude = config.ropeAttnFactor;
    for (let i = 0; i < half; i++) {
      const extrapolated = ropeTheta ** ((-2 * i) / ropeDim) / (factors?.[i] ?? 1);
      this.#frequency[i] = extrapolated * interpolation(config, i);
    }
    if (ropeScaling.kind === 'yarn') {
      const log = Math.log(ropeScaling.factor);
      magnitude *= (1 + 0.1 * log) / (1 + 0.1 * ropeScaling.logMultiplier * log);
    }
    this.#magnitude = magnitude;
  }

  get numPairs(): number {
    return this.#frequency.length;
  }

  /** Writes (cos, sin) of every pair at a position: 2 * numPairs floats. */
  write(position: number, out: Float32Array, offset: number): void {
    this.#frequency.forEach((frequency, i) => {
      const angle = position * frequency;
      out[offset + 2 * i] = Math.cos(angle) * this.#magnitude;
      out[offset + 2 * i + 1] = Math.sin(angle) * this.#magnitude;
    });
  }
}

/** What the frequency of pair i is multiplied with. */
function interpolation(config: ModelConfig, i: number): number {
  const { ropeDim, ropeTheta, ropeScaling } = config;
  switch (ropeScaling.kind) {
    case 'none':
      return 1;
    case 'linear':
      return 1 / ropeScaling.factor;
    case 'yarn': {
      // The pair that turns `rotations` times within the original context.
      const pairOf = (rotations: number) =>
        (ropeDim * Math.log(ropeScaling.originalContextLength / (rotations * 2 * Math.PI))) / (2 * Math.log(ropeTheta));
      const low = Math.max(0, Math.floor(pairOf(ropeScaling.betaFast)));
      const high = Math.min(ropeDim - 1, Math.ceil(pairOf(ropeScaling.betaSlow)));
      const ramp = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)));
      return ramp / ropeScaling.factor + (1 - ramp);
    }
  }
}
