/**
 * Rotary position embedding in double precision: RoFormer (https://arxiv.org/abs/2104.09864), linear interpolation,
 * YaRN (https://arxiv.org/abs/2309.00071, section 3) with its ramp over pair numbers, and per-pair factors as in
 * Llama 3.1. Written for the oracle from the papers; knows nothing of the runtime's own table.
 */
export interface RotationSpec {
  /** Elements of a head that are rotated, from its start. */
  readonly numElements: number;
  /** What turns with what: elements 2i and 2i + 1, or i and i + numElements / 2. */
  readonly pairs: 'neighbours' | 'halves';
  readonly base: number;
  readonly scaling: 'none' | 'linear' | 'yarn';
  readonly factor: number;
  /** YaRN: the context the model was first trained with, and the turns at which interpolation ends and begins. */
  readonly originalContextLength: number;
  readonly fastTurns: number;
  readonly slowTurns: number;
  readonly attnFactor: number;
  /** [numElements / 2] Each pair's frequency is divided by its factor. */
  readonly pairFactors: Float64Array | undefined;
}

/** Rotates the head at `offset` of `vector`, in place. */
export function rotateHead(vector: Float64Array, offset: number, position: number, spec: RotationSpec): void {
  const magnitude = spec.attnFactor * (spec.scaling === 'yarn' ? 1 + 0.1 * Math.log(spec.factor) : 1);
  for (let pair = 0; 2 * pair < spec.numElements; pair++) {
    const angle = position * frequencyOf(pair, spec);
    const [first, second] = spec.pairs === 'halves' ? [pair, pair + spec.numElements / 2] : [2 * pair, 2 * pair + 1];
    const re = vector[offset + first] ?? NaN;
    const im = vector[offset + second] ?? NaN;
    vector[offset + first] = magnitude * (re * Math.cos(angle) - im * Math.sin(angle));
    vector[offset + second] = magnitude * (re * Math.sin(angle) + im * Math.cos(angle));
  }
}

/** Radians per position. */
function frequencyOf(pair: number, spec: RotationSpec): number {
  const trained = 1 / (spec.base ** ((2 * pair) / spec.numElements) * (spec.pairFactors?.[pair] ?? 1));
  if (spec.scaling === 'none') return trained;
  const stretched = trained / spec.factor;
  if (spec.scaling === 'linear') return stretched;
  // The pair (not a whole number) that turns `turns` times in the original context.
  const pairTurning = (turns: number) =>
    ((spec.numElements / 2) * Math.log(spec.originalContextLength / (2 * Math.PI * turns))) / Math.log(spec.base);
  const firstMixed = Math.max(Math.floor(pairTurning(spec.fastTurns)), 0);
  const lastMixed = Math.min(Math.ceil(pairTurning(spec.slowTurns)), spec.numElements - 1);
  const along = (pair - firstMixed) / Math.max(lastMixed - firstMixed, 0.001);
  const share = Math.min(Math.max(along, 0), 1);
  return share * stretched + (1 - share) * trained;
}
