/**
 * The sampler's oracle, in f64 with a plain sort: adjusted logits, survivors, the exact probability of every token, and
 * log-probabilities. It shares no idea with the kernels but the order of the steps.
 */

/** The parameters as a person means them; 0 or 1 switch a filter off as in `SamplingParams` of the api. */
export interface RefParams {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
}

export const NO_FILTERS: RefParams = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
};

export interface RefHistory {
  readonly prompt: ReadonlySet<number>;
  /** Times each token was generated. */
  readonly generated: ReadonlyMap<number, number>;
}

export const NO_HISTORY: RefHistory = { prompt: new Set(), generated: new Map() };

/** Bias, then repetition penalty, then presence and frequency. -Infinity and NaN become -Infinity. */
export function adjustLogits(logits: ArrayLike<number>, params: RefParams, history: RefHistory): Float64Array {
  return Float64Array.from(logits, (logit, id) => {
    if (Number.isNaN(logit) || logit === -Infinity) return -Infinity;
    let x = logit + (params.logitBias.get(id) ?? 0);
    const times = history.generated.get(id) ?? 0;
    if (times > 0 || history.prompt.has(id)) x = x > 0 ? x / params.repetitionPenalty : x * params.repetitionPenalty;
    if (times > 0) x -= params.presencePenalty + times * params.frequencyPenalty;
    return x;
  });
}

export interface RefSurvivors {
  /** Best first; ties by lower id. */
  readonly ids: readonly number[];
  /** Probability of each, renormalised. */
  readonly probabilities: readonly number[];
  /** Smallest distance of a prefix sum of top-p to p: the test tells a rounding from a mistake by it. */
  readonly topPMargin: number;
}

/** Top-k, top-p at the temperature, min-p at the temperature. */
export function survivorsOf(adjusted: ArrayLike<number>, params: RefParams): RefSurvivors {
  const all = Array.from({ length: adjusted.length }, (_, id) => id).filter((id) => at(adjusted, id) > -Infinity);
  all.sort((a, b) => at(adjusted, b) - at(adjusted, a) || a - b);
  let ids = params.topK > 0 ? all.slice(0, params.topK) : all;
  const best = ids[0];
  if (best === undefined) return { ids: [], probabilities: [], topPMargin: Infinity };
  if (params.temperature === 0) return { ids: [best], probabilities: [1], topPMargin: Infinity };
  const weight = (id: number) => Math.exp((at(adjusted, id) - at(adjusted, best)) / params.temperature);
  let topPMargin = Infinity;
  if (params.topP < 1) {
    const total = sum(ids.map(weight));
    let reached = 0;
    let numKept = 0;
    for (const id of ids) {
      if (reached < params.topP) numKept++;
      reached += weight(id) / total;
      topPMargin = Math.min(topPMargin, Math.abs(reached - params.topP));
    }
    ids = ids.slice(0, numKept);
  }
  ids = ids.filter((id) => weight(id) >= params.minP);
  const weights = ids.map(weight);
  const total = sum(weights);
  return { ids, probabilities: weights.map((w) => w / total), topPMargin };
}

/** Log-probabilities of the raw distribution at temperature 1. */
export function logprobsOf(logits: ArrayLike<number>): Float64Array {
  const finite = Float64Array.from(logits, (x) => (Number.isNaN(x) ? -Infinity : x));
  const largest = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = Math.log(finite.reduce((acc, x) => acc + Math.exp(x - largest), 0));
  return finite.map((x) => x - largest - logSum);
}

function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${String(index)} of ${String(values.length)}`);
  return value;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
