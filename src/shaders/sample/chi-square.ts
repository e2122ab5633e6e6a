/** Pearson's chi-square test of draws against exact probabilities; for the sampler's tests. It draws nothing itself. */

/** Cells that expect fewer draws than this are counted as one. */
const SMALLEST_EXPECTED = 5;

/**
 * The probability of a deviation at least as large as that of `counts`, if `probabilities` were true; 0 when something
 * impossible was drawn. Both: [numTokens].
 */
export function chiSquareP(counts: readonly number[], probabilities: readonly number[]): number {
  const numDraws = counts.reduce((a, b) => a + b, 0);
  const rest = { drawn: 0, expected: 0 };
  let statistic = 0;
  let numCells = 0;
  const add = (drawn: number, expected: number) => {
    statistic += (drawn - expected) ** 2 / expected;
    numCells++;
  };
  for (const [id, p] of probabilities.entries()) {
    const drawn = counts[id] ?? 0;
    if (p === 0 && drawn > 0) return 0;
    if (p * numDraws >= SMALLEST_EXPECTED) add(drawn, p * numDraws);
    else {
      rest.drawn += drawn;
      rest.expected += p * numDraws;
    }
  }
  if (rest.expected > 0) add(rest.drawn, rest.expected);
  return numCells < 2 ? 1 : upperGamma((numCells - 1) / 2, statistic / 2);
}

/** The regularised upper incomplete gamma function Q(a, x): by its series below a + 1, by its continued fraction above. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; Math.abs(term) > 1e-16 * sum; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - scale * sum;
  }
  // Lentz's method; the fraction's terms are n (n - a) and x + 2 n + 1 - a.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return scale * fraction;
}

/** For half-integers and integers above 0: by recurrence to where Stirling's series is exact to f64. */
function logGamma(a: number): number {
  if (a < 20) return logGamma(a + 1) - Math.log(a);
  const r = 1 / a;
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + r / 12 - r ** 3 / 360 + r ** 5 / 1260;
}
