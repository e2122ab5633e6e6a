/**
 * Rotary angles, in double precision on the CPU: cosines and sines of GPUs are off by 5e-3 at large angles.
 * Pure. YaRN: https://arxiv.org/abs/2309.00071; frequency factors as in Llama 3.1; LongRoPE: https://arxiv.org/abs/2402.13753.
 */
import type { ModelConfig, RopeConfig } from './config.ts';

export class RopeTable {
  /** Radians a position step turns pair i. */
  readonly #frequency: Float64Array; // [dim / 2]
  readonly #magnitude: number;
  readonly #queryGrowth: ModelConfig['queryGrowth'];

  /** `factors` divides the frequency of each pair, length dim / 2. */
  constructor(rope: RopeConfig, factors?: ArrayLike<number>, queryGrowth?: ModelConfig['queryGrowth']) {
    const { dim, theta, scaling } = rope;
    this.#frequency = Float64Array.from(
      { length: dim / 2 },
      (_, i) => (theta ** ((-2 * i) / dim) / (factors?.[i] ?? 1)) * interpolation(rope, i),
    );
    let magnitude = rope.attnFactor;
    if (scaling.kind === 'yarn') {
      const log = Math.log(scaling.factor);
      magnitude *= (1 + 0.1 * log) / (1 + 0.1 * scaling.logMultiplier * log);
    }
    this.#magnitude = magnitude;
    this.#queryGrowth = queryGrowth;
  }

  /** Pairs of floats in a row: (cos, sin) of each rotated pair, then what queries are multiplied with and a zero. */
  get stride(): number {
    return this.#frequency.length + 1;
  }

  /** Writes the row of a position: 2 * stride floats. */
  write(position: number, out: Float32Array, offset: number): void {
    this.#frequency.forEach((frequency, i) => {
      const angle = position * frequency;
      out[offset + 2 * i] = Math.cos(angle) * this.#magnitude;
      out[offset + 2 * i + 1] = Math.sin(angle) * this.#magnitude;
    });
    const growth = this.#queryGrowth;
    out[offset + 2 * this.#frequency.length] =
      growth === undefined ? 1 : 1 + growth.scale * Math.log(1 + Math.floor(position / growth.originalContextLength));
  }
}

/** What the frequency of pair i is multiplied with. */
function interpolation({ dim, theta, scaling }: RopeConfig, i: number): number {
  switch (scaling.kind) {
    case 'none':
    case 'longrope':
      return 1;
    case 'linear':
      return 1 / scaling.factor;
    case 'yarn': {
      // The pair that turns `rotations` times within the original context.
      const pairOf = (rotations: number) =>
        (dim * Math.log(scaling.originalContextLength / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
      const low = Math.max(0, Math.floor(pairOf(scaling.betaFast)));
      const high = Math.min(dim - 1, Math.ceil(pairOf(scaling.betaSlow)));
      const ramp = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)));
      return ramp / scaling.factor + (1 - ramp);
    }
  }
}
