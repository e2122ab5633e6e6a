/** The reference format (see the README beside the goldens): what is read of it here, and how results are compared. */
import { readFileSync } from 'node:fs';

export interface GoldenPosition {
  readonly pos: number;
  readonly top: readonly (readonly [id: number, logprob: number])[];
  readonly fixed: readonly number[];
}

export interface GoldenPrompt {
  readonly name: string;
  readonly ids: readonly number[];
  readonly exact: {
    readonly positions: readonly GoldenPosition[];
    readonly ownGreedy: { readonly ids: readonly number[]; readonly margin: readonly number[] };
  };
}

export interface Golden {
  readonly model: string;
  readonly architecture: string;
  readonly fixedIds: readonly number[];
  readonly prompts: readonly GoldenPrompt[];
}

/** Of an encoder: a vector for each text, pooled and not normalised. */
export interface EmbeddingGolden {
  readonly model: string;
  readonly architecture: string;
  readonly embedding: { readonly length: number; readonly pooling: string };
  readonly prompts: readonly {
    readonly name: string;
    readonly ids: readonly number[];
    readonly exact: { readonly vector: readonly number[] };
  }[];
}

export function isEmbeddingGolden(golden: Golden | EmbeddingGolden): golden is EmbeddingGolden {
  return 'embedding' in golden;
}

/** @throws for a golden of an encoder */
export function readGolden(path: string): Golden {
  const golden = readAnyGolden(path);
  if (!isEmbeddingGolden(golden)) return golden;
  throw new Error(`${path} is the golden of an encoder`);
}

export function readAnyGolden(path: string): Golden | EmbeddingGolden {
  const golden: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (isGolden(golden)) return golden;
  throw new Error(`${path} is not a golden of format 1 with exact results`);
}

function isGolden(value: unknown): value is Golden | EmbeddingGolden {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 1 &&
    'model' in value &&
    'prompts' in value &&
    'fixedIds' in value
  );
}

export interface Limits {
  readonly rms: number;
  readonly max: number;
}

/** Limits in log-probability, any weight type, by what the cache holds, and of products in int8 (the README beside the goldens). */
export const LIMITS = {
  f32: { rms: 5e-4, max: 2e-3 },
  f16: { rms: 0.015, max: 0.06 },
  int8: { rms: 0.15, max: 0.6 },
} as const satisfies Record<string, Limits>;

/** Of components of vectors with f32 activations (the README beside the goldens). */
export const EMBEDDING_LIMITS = { rms: 1e-4, max: 1e-4 } as const satisfies Limits;

/**
 * Limits of a runtime that rounds what it keeps or multiplies against exact arithmetic that rounds the same, given what that
 * itself costs. A rounding errs by d / sqrt(12); where f32 is on the other side of the border it errs by d. If that befalls a share p of
 * the values, the runtime is off by sqrt(12 p) of the cache's own error: a quarter stands for one value in 200. Below the
 * limits of f32 nothing is asked.
 */
export function quantisedLimits(loss: Limits): Limits {
  return { rms: Math.max(LIMITS.f32.rms, loss.rms / 4), max: Math.max(LIMITS.f32.max, loss.max / 4) };
}

/** Accumulates differences of log-probabilities. */
export class Difference {
  #sumSquares = 0;
  #count = 0;
  max = 0;

  add(actual: number, expected: number): void {
    const d = Math.abs(actual - expected);
    // A NaN must not slip through a comparison.
    this.max = d <= this.max ? this.max : Number.isNaN(d) ? Infinity : d;
    this.#sumSquares += Number.isNaN(d) ? Infinity : d * d;
    this.#count += 1;
  }

  get rms(): number {
    return this.#count === 0 ? Infinity : Math.sqrt(this.#sumSquares / this.#count);
  }

  get count(): number {
    return this.#count;
  }
}

/** log sum exp in double precision. */
export function logSumExp(logits: Float32Array): number {
  let top = -Infinity;
  for (const v of logits) top = Math.max(top, v);
  let sum = 0;
  for (const v of logits) sum += Math.exp(v - top);
  return top + Math.log(sum);
}

export function argMax(logits: Float32Array): number {
  let best = 0;
  logits.forEach((v, i) => {
    if (v > (logits[best] ?? -Infinity)) best = i;
  });
  return best;
}
