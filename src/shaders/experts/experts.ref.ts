/** The oracle of routing: which experts a row takes, and with what weights. Products are those of linear.ref.ts. */
export interface RouteSpec {
  readonly numUsed: number;
  readonly sigmoid: boolean;
  readonly normalised: boolean;
  readonly numGroups: number;
  readonly numGroupsUsed: number;
  readonly scale: number;
}

export interface Routed {
  /** [numUsed], the greatest key first; of equal keys the lower index. */
  readonly ids: readonly number[];
  readonly weights: readonly number[]; // [numUsed]
  /** How near two keys that decide come to each other, relative to the largest; of logits and of equal keys Infinity. */
  readonly margin: number;
}

/** @param logits [numExperts] @param bias of what is compared, [numExperts] @param factors of weights, [numExperts] */
export function routeRef(
  logits: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  spec: RouteSpec,
  factors?: ArrayLike<number>,
): Routed {
  const { numUsed, numGroups, numGroupsUsed } = spec;
  const all = Array.from(logits);
  const top = Math.max(...all);
  const exponentials = all.map((logit) => Math.exp(logit - top));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const scores = spec.sigmoid ? all.map(sigmoid) : exponentials.map((value) => value / total);
  // Probabilities are in the order of logits.
  const keys = bias === undefined ? all : scores.map((score, expert) => score + (bias[expert] ?? NaN));
  const size = all.length / numGroups;
  const groupKeys = Array.from({ length: numGroups }, (_, group) => {
    const [first = NaN, second = NaN] = keys.slice(group * size, (group + 1) * size).sort((a, b) => b - a);
    return first + second;
  });
  const open = new Set(greatest(groupKeys, numGroups === 1 ? 1 : numGroupsUsed));
  const ids = greatest(
    keys.map((key, expert) => (open.has(Math.floor(expert / size)) ? key : -Infinity)),
    numUsed,
  );
  const chosen = ids.map((expert) => scores[expert] ?? NaN);
  const sum = chosen.reduce((a, b) => a + b, 0);
  const divisor = spec.normalised ? Math.max(sum, 2 ** -14) : 1;
  const factorOf = (expert: number | undefined) => (factors === undefined ? 1 : (factors[expert ?? NaN] ?? NaN));
  const weights = chosen.map((score, slot) => (score / divisor) * spec.scale * factorOf(ids[slot]));
  if (bias === undefined) return { ids, weights, margin: Infinity };
  const ofOpen = keys.filter((_, expert) => open.has(Math.floor(expert / size)));
  const ofGroups = numGroups === 1 ? Infinity : nearest(groupKeys, numGroupsUsed, 1);
  return { ids, weights, margin: Math.min(nearest(ofOpen, numUsed, numUsed), ofGroups) };
}

/** The smallest distance of the greatest `count` numbers and the next one, but for equal ones, of the last `last` of them. */
function nearest(numbers: readonly number[], count: number, last: number): number {
  const sorted = [...numbers].sort((a, b) => b - a).slice(count - last, count + 1);
  const size = Math.max(...sorted.map(Math.abs));
  const gaps = sorted.slice(1).map((number, i) => ((sorted[i] ?? NaN) - number) / size);
  return Math.min(...gaps.filter((gap) => gap !== 0));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function greatest(keys: readonly number[], count: number): readonly number[] {
  return Array.from(keys.keys())
    .sort((a, b) => (keys[b] ?? NaN) - (keys[a] ?? NaN) || a - b)
    .slice(0, count);
}
