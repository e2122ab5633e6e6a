/**
 * How far a kernel may be from its f64 oracle: every tolerance of the kernel tests and of the self-test, each with its
 * derivation. Layout and gathers are exact and have none. Knows no kernel's code.
 *
 * Accuracy of built-ins: https://www.w3.org/TR/WGSL/#floating-point-accuracy (+ - * correctly rounded, x/y 2.5 ulp,
 * exp (3 + 2|x|) ulp, inverseSqrt 2 ulp, sqrt as 1 / inverseSqrt).
 */
import type { Activation } from '../elementwise/activation.ts';

/** One ulp of f32, relative: twice what a rounded operation may be off. */
export const EPS32 = 2 ** -23;
/** One ulp of f16, relative, and the step of its subnormals. */
const EPS16 = 2 ** -10;
const MIN_NORMAL16 = 2 ** -14;

/**
 * A sum of K products p_k in f32, in any order. A partial sum of k terms is about |p| sqrt(k / K), with |p| the 2-norm of
 * the products; K roundings of half an ulp of that, independent, add up to eps/2 sqrt(K/2) |p|. Eleven times that.
 * An order of sums that loses a term is off by |p| / sqrt(K), thousands of times as much.
 */
export function dotTolerance(numTerms: number, productsNorm: number): number {
  return 4 * EPS32 * Math.sqrt(numTerms) * productsNorm;
}

/** A value added to the result of a sum: one more rounding. */
export function addTolerance(a: number, b: number): number {
  return EPS32 * (Math.abs(a) + Math.abs(b));
}

/**
 * RMS norm, relative: squares are positive, so the sum of K in 128 partial sums (and a tree of 7) is off by
 * (K / 128 + 8) / 2 ulp at most, halved by the root; then + eps, /, sqrt (4.5), 1 / (2.5) and two products.
 */
export function rmsNormTolerance(numElements: number, expected: number): number {
  return EPS32 * ((numElements / 128 + 8) / 4 + 12) * Math.abs(expected);
}

/** A mean of K in 128 partial sums and a tree: (K / 128 + 8) / 2 + 1 ulp of the largest element. */
export function meanTolerance(numElements: number, largest: number): number {
  return EPS32 * ((numElements / 128 + 8) / 2 + 1) * largest;
}

/**
 * Layer norm: the mean is off, and so is every difference; the variance, a mean of squares of what sums to zero, by the square of that; the rest is as in
 * the RMS norm, and the bias one rounding more.
 */
export function layerNormTolerance(
  numElements: number,
  { largest, scale }: { readonly largest: number; readonly scale: number },
  weight: number,
  value: number,
  bias: number,
): number {
  const offset = meanTolerance(numElements, largest) * scale;
  const ofScale = rmsNormTolerance(numElements, value) + offset ** 2 * Math.abs(value);
  return offset * Math.abs(weight) + ofScale + addTolerance(value, bias);
}

/**
 * A sum of K products of a row that is normed on the fly: that sum's error, the rounding of x times the norm's weight (half an
 * ulp of each product, independent), and the error of the norm's scale, relative to the result. The squares are in 128 partial
 * sums here too.
 *
 * @param productsNorm 2-norm of the products after scaling
 */
export function normedDotTolerance(numTerms: number, productsNorm: number, sum: number): number {
  return dotTolerance(numTerms, productsNorm) + EPS32 * productsNorm + rmsNormTolerance(numTerms, sum);
}

/**
 * silu(gate) * up, or gelu, of a gate and an up that are themselves off: |silu'| is at most 1.1, so that of gpt-oss is, whose up
 * is clamped and 1 added; |gelu'| 1.13.
 */
export function gatedTolerance(activation: Activation, gate: Expected, up: Expected, value: number): number {
  const rounding = activationTolerance(activation, gate.value, up.value, value);
  if (activation === 'relu2') {
    const g = Math.max(0, gate.value);
    const moved = (2 * g + gate.tolerance) * gate.tolerance;
    return rounding + moved * (Math.abs(up.value) + up.tolerance) + g * g * up.tolerance;
  }
  const g = activation === 'swiglu_oai' ? Math.min(7, gate.value) : gate.value;
  const activated = Math.abs(g) / (1 + Math.exp(-exponentOf(activation, gate.value)));
  const slope = activation === 'gelu' ? 1.13 : 1.1;
  const factor = activation === 'swiglu_oai' ? Math.abs(clampedUp(up.value) + 1) : Math.abs(up.value);
  const propagated = slope * gate.tolerance * (factor + up.tolerance) + activated * up.tolerance;
  return propagated + rounding;
}

/** x a - y b with two products and a sum, the sum fused or not. */
export function rotationTolerance(xa: number, yb: number): number {
  return EPS32 * (Math.abs(xa) + Math.abs(yb));
}

/** What the conversion to f16 adds: either neighbour may be taken, subnormals may become zero. */
export function halfTolerance(value: number): number {
  return Math.max(EPS16 * Math.abs(value), MIN_NORMAL16);
}

/**
 * A block of n transformed: sums of n terms, scaled. `norm` is the 2-norm of the block, and so of its transform;
 * `inputTolerance` that of every input, which adds up to sqrt(n) times itself at most.
 */
export function hadamardTolerance(numElements: number, norm: number, inputTolerance = 0): number {
  return dotTolerance(numElements, norm / Math.sqrt(numElements)) + Math.sqrt(numElements) * inputTolerance;
}

/**
 * x as d q, given the exact d = top / 127 or top / -8 and x's own tolerance: half a step, or the whole step less what
 * q4_0 has beyond its last quant, 7; d is rounded to half, which moves |x / d| + 1/2 steps of it, and comes from a top that
 * is off by `tolerance`; q is taken with 1/d, off by 2.5 ulp and the rounding of a product.
 */
export function quantTolerance(layout: 'q8_0' | 'q4_0', d: number, x: number, tolerance: number): number {
  const size = Math.abs(d);
  const steps = size === 0 ? 0 : x / d;
  const rounding = layout === 'q4_0' ? Math.max(0.5, steps - 7) : 0.5;
  const scaleError = halfTolerance(size) / 2 + tolerance / 8 + 4 * EPS32 * size;
  return rounding * size + (Math.abs(steps) + 0.5) * scaleError + tolerance;
}

/** What exp(x) may be off by: (3 + 2 |x|) ulp, and as many again as each ulp of x has, which is off by `ofArgument` of them. */
export function expUlps(x: number, ofArgument = 0): number {
  return 3 + (2 + ofArgument) * Math.abs(x);
}

/**
 * gate / (1 + exp(-u)) * up: exp's error, at most that of the quotient; the sum, the quotient and the product. Below
 * -80 the kernel takes exp(80), which leaves |gate up| e^-80 instead of nothing. For silu u is the gate; for gelu it is a
 * polynomial of five roundings, an error of 2.5 |u| ulp in the exponent more. For gpt-oss's it is 1.702 gate, of two roundings,
 * and 1 is added to up, which may cancel.
 */
export function activationTolerance(activation: Activation, gate: number, up: number, expected: number): number {
  // Two products; the square may be too small for a normal number.
  if (activation === 'relu2') return 2 * EPS32 * Math.abs(expected) + 2 ** -126 * (1 + Math.abs(up));
  const u = Math.min(80, Math.max(0, Math.abs(exponentOf(activation, gate))));
  const ulps = expUlps(u, { silu: 0, gelu: 2.5, swiglu_oai: 1 }[activation]) + 5;
  if (activation === 'swiglu_oai') {
    const clamped = Math.min(7, gate);
    const activated = Math.abs(clamped) / (1 + Math.exp(-1.702 * clamped));
    const sum = clampedUp(up) + 1;
    return (
      EPS32 * (ulps * Math.abs(expected) + activated * (1 + Math.abs(sum))) + 16 * Math.abs(clamped) * Math.exp(-80)
    );
  }
  return EPS32 * ulps * Math.abs(expected) + 2 * Math.abs(gate * up) * Math.exp(-80);
}

/** Of gpt-oss's gate. */
function clampedUp(up: number): number {
  return Math.min(7, Math.max(-7, up));
}

/** u of gate / (1 + exp(-u)). */
function exponentOf(activation: Exclude<Activation, 'relu2'>, gate: number): number {
  if (activation === 'swiglu_oai') return 1.702 * Math.min(7, gate);
  return activation === 'silu' ? gate : 2 * Math.sqrt(2 / Math.PI) * (gate + 0.044715 * gate ** 3);
}

/**
 * cap tanh(x / cap), whose slope is at most 1, by exp: x / cap (2.5) and exp move e by (3 + 7 |u|) e^-2|u| ulp, under 4; then
 * a difference and a sum (half an ulp of 1 each, the first twice in the quotient), a quotient (2.5) and two products.
 */
export function softcapTolerance(tolerance: number, cap: number): number {
  return tolerance + 10 * EPS32 * cap;
}

/**
 * tanh of a value that is off by `tolerance`: its slope is at most 1, and WGSL allows an absolute error of 1e-5 (more only by way
 * of exp, which is off by far less where it counts).
 */
export function tanhTolerance(tolerance: number): number {
  return tolerance + 1e-5;
}

/**
 * Attention: a score is a dot product, off by `scoreTolerance`, which is the relative error of its weight, to which exp
 * adds (3 + 2 |x|) ulp: times exp(x) that is under 4. Twice that for numerator and denominator; then two sums over the
 * keys, and two roundings for each of the tiles or chunks that are put together.
 */
export function attentionTolerance(
  scoreTolerance: number,
  numKeys: number,
  numTiles: number,
  largestValue: number,
): number {
  return (2 * (scoreTolerance + 4 * EPS32) + EPS32 * (4 * Math.sqrt(numKeys) + 2 * numTiles + 8)) * largestValue;
}

/**
 * A share of the weights exp(x / T) of `numCandidates`, the largest of which is 1. x / T is rounded twice, and exp is off by (3 + 2 |x|) ulp
 * of what is at most 1: by 4 ulp at most, as is half a unit of 2^-28; of either sum, and of the share that is asked for.
 */
export function shareTolerance(numCandidates: number): number {
  return EPS32 * (2 * (4 + 1 / 32) * numCandidates + 8);
}

/** A logit adjusted: a sum, a product or quotient (2.5 ulp), two products subtracted, of numbers that are `size` together. */
export function adjustedTolerance(size: number): number {
  return 6 * EPS32 * size;
}

/**
 * x - max - log(sum), a log-probability. exp: (3 + 2 |x|) ulp of terms that matter down to exp(-20); additions: 64 in a group, as many
 * as there are groups for each of 8 threads, 18 in the tree, each half an ulp of the sum; log: 3 ulp of a value below 16, or 2^-21 near
 * 1; two subtractions of numbers as large as `size`.
 */
export function logprobTolerance(vocabSize: number, size: number): number {
  return EPS32 * (43 + (64 + vocabSize / 512 + 18) / 2 + 48 + size);
}

export interface Expected {
  readonly value: number;
  /** Zero: exact. */
  readonly tolerance: number;
}

export function exactly(value: number): Expected {
  return { value, tolerance: 0 };
}

/** NaN is off from everything. */
export function isOff(got: number, { value, tolerance }: Expected): boolean {
  return !(got === value || Math.abs(got - value) <= tolerance);
}

const SHOWN = 8;

/**
 * What differs, ready to print: the first few as `index actual expected +- tolerance`, then how many there are; empty
 * when nothing does. NaN differs from everything.
 */
export function differences(actual: ArrayLike<number>, expected: readonly Expected[]): readonly string[] {
  if (actual.length !== expected.length) return [`${String(actual.length)} values, not ${String(expected.length)}`];
  const lines: string[] = [];
  let count = 0;
  expected.forEach((wanted, i) => {
    const got = actual[i] ?? NaN;
    if (!isOff(got, wanted)) return;
    const { value, tolerance } = wanted;
    count += 1;
    if (count <= SHOWN) lines.push(`[${String(i)}] ${String(got)} ${String(value)} +- ${tolerance.toExponential(1)}`);
  });
  return count > SHOWN ? [...lines, `... ${String(count)} of ${String(expected.length)} differ`] : lines;
}
