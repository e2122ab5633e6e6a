/**
 * The oracles of RWKV 7's time mix, from the paper's formulas (https://arxiv.org/abs/2503.14456), in f64, with bounds of what f32
 * may be off by.
 */
import { layerNormRef } from '../norm/norm.ref.ts';
import {
  dotTolerance,
  EPS32,
  exactly,
  layerNormTolerance,
  rmsNormTolerance,
  type Expected,
} from '../vectors/tolerance.ts';
import { dot } from './recurrence.ref.ts';

/** exp's (3 + 2 |x|) ulp, a sum and a quotient; below -80 the kernel takes exp(80). */
export function sigmoidRef(x: number): Expected {
  const value = 1 / (1 + Math.exp(-x));
  const ulps = 3 + 2 * Math.min(Math.abs(x), 80) + 5;
  return { value, tolerance: EPS32 * ulps * value + 2 * Math.exp(-80) };
}

/** tanh by e = exp(-2 |x|), of which (3 + 4 |x|) ulp are at most 4 of 1; a difference, a sum, a quotient. */
export function tanhRef(x: number): Expected {
  return { value: Math.tanh(x), tolerance: 10 * EPS32 };
}

/** x + mu (before - x): the difference, and the sum. */
export function tokenShiftRef(x: number, before: number, mu: number): Expected {
  const change = (before - x) * mu;
  const value = x + change;
  return { value, tolerance: EPS32 * (Math.abs(change) + Math.abs(value)) };
}

/** Of one head of a row, all [headSize]: the products, the value of the first layer (none: it is the first), and the weights. */
export interface WkvHead {
  readonly decay: ArrayLike<number>;
  readonly rate: ArrayLike<number>;
  readonly residual: ArrayLike<number>;
  readonly key: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly first: ArrayLike<number> | undefined;
  readonly unitWeight: ArrayLike<number>;
  readonly keyWeight: ArrayLike<number>;
}

/** What the recurrence takes of one element. */
export interface WkvElement {
  readonly decay: Expected; // exp(-sigmoid(decay) / sqrt(e))
  readonly unit: Expected; // of k * k_k
  readonly put: Expected; // unit * sigmoid(rate)
  readonly key: Expected; // k (1 + (sigmoid(rate) - 1) k_a)
  readonly value: Expected; // v + (first - v) sigmoid(residual)
}

export function wkvInputsRef(head: WkvHead): readonly WkvElement[] {
  const size = head.key.length;
  const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;
  let squares = 0;
  for (let i = 0; i < size; i++) squares += (at(head.key, i) * at(head.unitWeight, i)) ** 2;
  const length = Math.max(Math.sqrt(squares), 1e-12);
  return Array.from({ length: size }, (_, i): WkvElement => {
    const [k, v] = [at(head.key, i), at(head.value, i)];
    const rate = sigmoidRef(at(head.rate, i));
    const unit = (k * at(head.unitWeight, i)) / length;
    const unitTolerance = rmsNormTolerance(size, unit) + EPS32 * Math.abs(unit);
    const put = unit * rate.value;
    const grown = (rate.value - 1) * at(head.keyWeight, i);
    const key = k * (1 + grown);
    const off = Math.abs(at(head.keyWeight, i)) * rate.tolerance + EPS32 * (Math.abs(grown) + Math.abs(1 + grown));
    return {
      decay: decayRef(at(head.decay, i)),
      unit: { value: unit, tolerance: unitTolerance },
      put: {
        value: put,
        tolerance: unitTolerance * rate.value + Math.abs(unit) * rate.tolerance + EPS32 * Math.abs(put),
      },
      key: { value: key, tolerance: Math.abs(k) * off + EPS32 * Math.abs(key) },
      value: head.first === undefined ? exactly(v) : mixedRef(v, at(head.first, i), sigmoidRef(at(head.residual, i))),
    };
  });
}

/** exp's (3 + 2 |x|) ulp, the product's rounding, and what the sigmoid is off. */
function decayRef(w: number): Expected {
  const strength = sigmoidRef(w);
  const x = Math.exp(-0.5) * strength.value;
  const value = Math.exp(-x);
  return { value, tolerance: (EPS32 * (3 + 3 * x) + Math.exp(-0.5) * strength.tolerance) * value };
}

function mixedRef(v: number, first: number, share: Expected): Expected {
  const change = (first - v) * share.value;
  const value = v + change;
  const tolerance = Math.abs(first - v) * share.tolerance + EPS32 * (Math.abs(change) + Math.abs(value));
  return { value, tolerance };
}

/** One token of one value element of a head; all but the value [headSize]. */
export interface WkvToken {
  readonly decay: ArrayLike<number>;
  readonly unit: ArrayLike<number>;
  readonly put: ArrayLike<number>;
  readonly key: ArrayLike<number>;
  readonly receptance: ArrayLike<number>;
  readonly value: number;
}

/**
 * m = w m - (unit m) put + v k; y = r m.
 *
 * @param state [headSize] before the first token; undefined: zero
 */
export function wkvRef(
  tokens: readonly WkvToken[],
  size: number,
  state?: readonly number[],
): { readonly outputs: readonly Expected[]; readonly states: readonly (readonly Expected[])[] } {
  let m: readonly Expected[] = Array.from({ length: size }, (_, i) => exactly(state?.[i] ?? 0));
  const states: (readonly Expected[])[] = [];
  const outputs = tokens.map(({ decay, unit, put, key, receptance, value: v }) => {
    const found = dot(m, unit);
    m = m.map((element, i): Expected => {
      const [w, b, k] = [decay[i] ?? NaN, put[i] ?? NaN, key[i] ?? NaN];
      const [kept, taken, given] = [element.value * w, found.value * b, v * k];
      const value = kept - taken + given;
      const propagated = element.tolerance * w + found.tolerance * Math.abs(b);
      const rounding = Math.abs(taken) + Math.abs(kept - taken) + Math.abs(value);
      return { value, tolerance: propagated + EPS32 * rounding };
    });
    states.push(m);
    return dot(m, receptance);
  });
  return { outputs, states };
}

/** Of one head of a row, all [headSize]. */
export interface WkvRead {
  readonly x: ArrayLike<number>;
  readonly receptance: ArrayLike<number>;
  readonly key: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly gate: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly bonus: ArrayLike<number>;
}

/** (norm(x) weight + bias + (sum of r k r_k) v) gate */
export function wkvOutRef(head: WkvRead, eps: number): readonly Expected[] {
  const size = head.x.length;
  const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;
  const normed = layerNormRef(head.x, head.weight, eps);
  let [bonus, squares] = [0, 0];
  for (let i = 0; i < size; i++) {
    const product = at(head.receptance, i) * at(head.key, i) * at(head.bonus, i);
    bonus += product;
    squares += product ** 2;
  }
  const bonusTolerance = dotTolerance(size, Math.sqrt(squares)) + EPS32 * Math.sqrt(squares);
  return Array.from(normed.values, (n, i): Expected => {
    const [v, gate] = [at(head.value, i), at(head.gate, i)];
    const sum = n + at(head.bias, i) + bonus * v;
    const value = sum * gate;
    const ofNorm = layerNormTolerance(size, normed, at(head.weight, i), n, at(head.bias, i));
    const tolerance = ofNorm + bonusTolerance * Math.abs(v) + EPS32 * Math.abs(sum);
    return { value, tolerance: tolerance * Math.abs(gate) + EPS32 * Math.abs(value) };
  });
}
