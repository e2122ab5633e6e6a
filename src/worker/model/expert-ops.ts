/**
 * Mixtures of experts as dispatches: routing, and the weighted sum; the products are those with stacked matrices. Expert ids stay
 * on the GPU. Knows nothing of tensors' names.
 */
import { expertSum, route } from '../../shaders/experts/experts.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { BufferRange } from '../gpu/gpu.ts';
import type { ExpertsConfig } from './config.ts';
import type { AddDispatch } from './linear-ops.ts';
import type { ExpertScratch } from './scratch.ts';
import { StackOps, type StackContext } from './stack-ops.ts';

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

export interface RouteTarget {
  /** Added to what is compared, not to the weights. */
  readonly choiceBias: BufferRange | undefined; // [numExperts]
  /** Of the weights, once they are divided by their sum. */
  readonly factors: BufferRange | undefined; // [numExperts]
  /** The logit of the shared expert's weight lies behind those of the experts. */
  readonly sharedGate: boolean;
}

export class ExpertOps {
  readonly #add: AddDispatch;
  readonly #config: ExpertsConfig;
  readonly #scratch: ExpertScratch;
  readonly stacks: StackOps;

  constructor(add: AddDispatch, context: StackContext, config: ExpertsConfig, scratch: ExpertScratch) {
    this.#add = add;
    this.#config = config;
    this.#scratch = scratch;
    this.stacks = new StackOps(add, context, config, scratch);
  }

  /** The experts of every row and their weights from the logits of the router, and the tiles of prompt rows. */
  route({ choiceBias, factors, sharedGate }: RouteTarget): void {
    const { numExperts, numUsed, gating, normalised, scale, groups } = this.#config;
    const { logits, logitsStride, ids, weights } = this.#scratch;
    this.#add(
      route,
      [
        numExperts,
        numUsed,
        logitsStride,
        gating === 'sigmoid' ? 1 : 0,
        normalised ? 1 : 0,
        choiceBias === undefined ? 0 : 1,
        groups?.num ?? 1,
        groups?.numUsed ?? 1,
        sharedGate ? 1 : 0,
        factors === undefined ? 0 : 1,
        { f32: scale },
      ],
      (step, params) => [step, params, logits, choiceBias ?? logits, ids, weights, factors ?? logits],
      (shape) => [numRows(shape), 1, 1],
    );
    this.stacks.tiles();
  }

  /** out (+)= the weighted sum of `y` over a row's experts, and of `shared`. Rows are of `width` floats. */
  sum(y: BufferRange, shared: BufferRange | undefined, out: BufferRange, width: number, addToOut: boolean): void {
    const { weights } = this.#scratch;
    this.#add(
      expertSum,
      [width / 4, this.#config.numUsed, shared === undefined ? 0 : 1, addToOut ? 1 : 0],
      (step, params) => [step, params, y, weights, shared ?? y, out],
      (shape) => [Math.ceil(width / 4 / 64), numRows(shape), 1],
    );
  }
}
