/**
 * The oracles of the recurrences, for one sequence: plain loops over its tokens, in f64, with a running bound of what f32 may be
 * off by. A bound goes the way of the values: what a sum takes in adds up, what a factor multiplies is multiplied.
 */
import { dotTolerance, EPS32, type Expected } from '../vectors/tolerance.ts';

export function softplusRef(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** exp(3 + 2 |x| ulp), the sum, a quotient and seven steps of a series: of the result, and of a sum that cancels not at all. */
function softplusTolerance(x: number): number {
  return EPS32 * ((3 + 2 * Math.min(Math.abs(x), 88) + 8) * Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0));
}

/** exp(a d) of a step size that is off: exp's own (3 + 2 |x|) ulp, the rounding of the product, and a times the step's error. */
function decayOf(a: number, delta: Expected): Expected {
  const x = a * delta.value;
  const value = Math.exp(x);
  const relative = EPS32 * (3 + 3 * Math.abs(x)) + Math.abs(a) * delta.tolerance;
  return { value, tolerance: relative * value };
}

/** m d + t, fused, of a product t that is off by `tolerance`. */
function decayed(m: Expected, decay: Expected, t: number, tolerance: number): Expected {
  const value = m.value * decay.value + t;
  const propagated = m.tolerance * (decay.value + decay.tolerance) + Math.abs(m.value) * decay.tolerance + tolerance;
  return { value, tolerance: propagated + EPS32 * (Math.abs(value) + Math.abs(t)) };
}

/** Of elements that are off with numbers that are exact. */
export function dot(elements: readonly Expected[], factors: ArrayLike<number>): Expected {
  let [value, squares, tolerance] = [0, 0, 0];
  elements.forEach((element, i) => {
    const product = element.value * (factors[i] ?? NaN);
    value += product;
    squares += product ** 2;
    tolerance += element.tolerance * Math.abs(factors[i] ?? NaN);
  });
  return { value, tolerance: tolerance + dotTolerance(elements.length, Math.sqrt(squares)) };
}

const zeros = (count: number): Expected[] => Array.from({ length: count }, () => ({ value: 0, tolerance: 0 }));

/** One token of one channel of a scan. */
export interface ScanToken {
  readonly x: number;
  /** Before softplus. */
  readonly delta: number;
  readonly gate: number;
  readonly b: ArrayLike<number>;
  readonly c: ArrayLike<number>;
}

/**
 * m = exp(a d) m + d x b; y = (c m + skip x) silu(gate), d = softplus(delta).
 *
 * @param a [stateSize]
 * @param state [stateSize] before the first token; undefined: zero
 */
export function scanRef(
  tokens: readonly ScanToken[],
  a: ArrayLike<number>,
  skip: number,
  state?: readonly number[],
): { readonly outputs: readonly Expected[]; readonly states: readonly (readonly Expected[])[] } {
  let m: Expected[] = state === undefined ? zeros(a.length) : state.map((value) => ({ value, tolerance: 0 }));
  const states: (readonly Expected[])[] = [];
  const outputs = tokens.map(({ x, delta: before, gate, b, c }) => {
    const delta = { value: softplusRef(before), tolerance: softplusTolerance(before) };
    m = m.map((element, i) => {
      const taken = delta.value * x * (b[i] ?? NaN);
      const tolerance = Math.abs(x * (b[i] ?? NaN)) * delta.tolerance + EPS32 * Math.abs(taken);
      return decayed(element, decayOf(a[i] ?? NaN, delta), taken, tolerance);
    });
    states.push(m);
    const read = dot(m, c);
    const sum = read.value + skip * x;
    const silu = gate / (1 + Math.exp(-gate));
    const value = sum * silu;
    const ulps = 3 + 2 * Math.abs(gate) + 5;
    const tolerance = (read.tolerance + EPS32 * (Math.abs(read.value) + Math.abs(skip * x))) * Math.abs(silu);
    return { value, tolerance: tolerance + EPS32 * ulps * Math.abs(value) };
  });
  return { outputs, states };
}

/** One token of one value element of a head. */
export interface DeltaToken {
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly v: number;
  /** Before sigmoid, and before the shift and softplus. */
  readonly beta: number;
  readonly alpha: number;
}

/**
 * m = g m; m += k (v - k m) sigmoid(beta); y = q m scale; g = exp(a softplus(alpha + shift)).
 *
 * @param state [size] before the first token; undefined: zero
 */
export function deltaRuleRef(
  tokens: readonly DeltaToken[],
  a: number,
  shift: number,
  scale: number,
  size: number,
  state?: readonly number[],
): { readonly outputs: readonly Expected[]; readonly states: readonly (readonly Expected[])[] } {
  let m: Expected[] = state === undefined ? zeros(size) : state.map((value) => ({ value, tolerance: 0 }));
  const states: (readonly Expected[])[] = [];
  const outputs = tokens.map(({ q, k, v, beta: before, alpha }) => {
    const at = alpha + shift;
    const step = {
      value: softplusRef(at),
      tolerance: softplusTolerance(at) + EPS32 * (Math.abs(alpha) + Math.abs(shift)),
    };
    const g = decayOf(a, step);
    m = m.map((element) => decayed(element, g, 0, 0));
    const found = dot(m, k);
    const beta = 1 / (1 + Math.exp(-before));
    const change = (v - found.value) * beta;
    const lost = (found.tolerance + EPS32 * (Math.abs(v) + Math.abs(found.value))) * beta;
    const changeTolerance = lost + EPS32 * (3 + 2 * Math.abs(before) + 5) * Math.abs(change);
    m = m.map((element, i) => {
      const ki = k[i] ?? NaN;
      const value = element.value + ki * change;
      return { value, tolerance: element.tolerance + Math.abs(ki) * changeTolerance + EPS32 * Math.abs(value) };
    });
    states.push(m);
    const read = dot(m, q);
    const value = read.value * scale;
    return { value, tolerance: read.tolerance * scale + 2 * EPS32 * Math.abs(value) };
  });
  return { outputs, states };
}
